package o365

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/record"
)

// pieceSize is how many bytes of events a download collects before it adds
// them to the outbox, where several small blobs share a batch.
const pieceSize = 64 << 10

// pieceRecords is how many records of usual sizes that makes.
const pieceRecords = 64

// reading is a blob that is being downloaded.
type reading struct {
	*blob
	decoder *record.Decoder
	piece   piece
	large   bool // a record takes more memory than a download has
}

// Deliver implements [collector.Blob].
func (b *blob) Deliver(ctx context.Context, body io.Reader) error {
	scratch := b.pipe.scratch()
	defer b.pipe.putBack(scratch)
	r := &reading{
		blob: b, decoder: scratch.decoder,
		piece: piece{blob: b, events: scratch.events[:0], created: scratch.created[:0]},
	}
	defer func() { scratch.events, scratch.created = r.piece.events, r.piece.created }()
	defer b.pipe.outbox.Restore(b)
	r.decoder.Begin(record.Body{
		Reader: body, ContentID: b.content.ID,
		Resize: func(bytes int) error { return r.resize(ctx, bytes) },
	})
	b.found.begin(max(b.known, b.addedSoFar()))
	for {
		err := r.element(ctx)
		if err == nil && r.large {
			err = r.shrink(ctx)
		}
		if err != nil {
			return r.end(ctx, err)
		}
	}
}

// element takes the next element of the blob.
func (r *reading) element(ctx context.Context) error {
	p := &r.piece
	start := len(p.events)
	events, rec, err := r.decoder.Append(p.events)
	if bad, ok := err.(*record.Malformed); ok { // it is never wrapped, and there may be millions
		r.found.addMalformed(bad, r.metrics)
		p.through = bad.Index + 1
		return nil
	}
	if err != nil {
		return err
	}
	key, verdict := r.judge(r.decoder, rec)
	r.found.addRecord(rec, verdict, r.metrics)
	p.events = events
	if verdict == ledger.Known {
		p.events = events[:start]
		p.through = rec.Index + 1
		return nil
	}
	if start > 0 && len(events) > r.pieceSize() {
		p.events = events[:start]
		if err := p.add(ctx); err != nil {
			r.pipe.forget(key)
			return err
		}
		p.events = append(p.events[:0], events[start:]...)
	}
	p.include(rec, key)
	return nil
}

// resize counts what a large record takes: its text, and an event of about as
// much. One of an input is read at a time.
func (r *reading) resize(ctx context.Context, bytes int) error {
	if r.large = bytes > elements.FreeSize; r.large {
		return r.pipe.outbox.Enlarge(ctx, r.blob, 2*bytes)
	}
	r.pipe.outbox.Restore(r.blob)
	return nil
}

// shrink hands over what there is and gives up the memory of a large record.
func (r *reading) shrink(ctx context.Context) error {
	if err := r.piece.add(ctx); err != nil {
		return err
	}
	r.piece.events = nil
	r.decoder.Shrink()
	return nil
}

// end hands over what is left. It returns the error that ended the blob, nil for
// its end.
func (r *reading) end(ctx context.Context, err error) error {
	if failed := r.piece.add(ctx); failed != nil {
		return failed
	}
	if err != io.EOF {
		return err
	}
	r.found.report(r.blob)
	r.blob.end(r.piece.through)
	return nil
}

// judge says whether a record is known: its place in the blob or, with dedup,
// its key. With dedup the place does not matter, so a blob that is served
// differently the second time loses nothing.
func (b *blob) judge(d *record.Decoder, rec record.Record) (ledger.Key, ledger.Verdict) {
	if !b.pipe.config.Dedup {
		if rec.Index < max(b.known, b.addedSoFar()) {
			return ledger.Key{}, ledger.Known
		}
		return ledger.Key{}, ledger.New
	}
	// Of DLP.All schema 1 remembered whole records: there a match and its undoing
	// have one Id.
	if b.pipe.ledger.HasOldKeys() && b.pipe.ledger.KnowsOldKey(d.OldKey(b.kind.SharedIDs)) {
		return ledger.Key{}, ledger.Known
	}
	return b.pipe.ledger.Claim(rec.Key)
}

// scratch is the memory that reading a blob takes, whatever its size.
type scratch struct {
	decoder *record.Decoder
	events  []byte
	created []uint32
}

// scratch returns memory that another blob has used, or new.
func (p *pipe) scratch() *scratch {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free = p.free[:n-1]
		return s
	}
	return &scratch{decoder: record.NewDecoder(nil, record.Options{Scope: strings.ToLower(p.tenant), MaxSize: p.config.RecordMax})}
}

// putBack keeps the memory for the next blob, unless a huge record has blown
// it up.
func (p *pipe) putBack(s *scratch) {
	if cap(s.events) > 4*pieceSize {
		return
	}
	s.decoder.Reset(nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, s)
}

func (b *blob) pieceSize() int { return min(pieceSize, b.pipe.config.BatchSize) }

// piece is a part of a blob that is added to the outbox in one go.
type piece struct {
	blob    *blob
	events  []byte
	records int
	keys    []ledger.Key
	created []uint32
	through int
}

// include takes the event that was appended last, of a record that is to be
// remembered by key.
func (p *piece) include(rec record.Record, key ledger.Key) {
	p.records++
	p.through = rec.Index + 1
	if !rec.TimeMissing {
		p.created = append(p.created, uint32(rec.Time.Unix())) // an event holds no more
	}
	if p.blob.pipe.config.Dedup {
		if p.keys == nil {
			p.keys = make([]ledger.Key, 0, pieceRecords)
		}
		p.keys = append(p.keys, key)
	}
}

// add hands the piece to the outbox and empties it.
func (p *piece) add(ctx context.Context) error {
	if p.records == 0 {
		return nil
	}
	b := p.blob
	b.mu.Lock()
	b.open++
	b.mu.Unlock()
	b.metrics.Queue.Add(len(p.events))
	err := b.pipe.outbox.Add(ctx, b.lane, p.events, p.records, receipt{
		blob: b, records: p.records, bytes: len(p.events), keys: p.keys, created: slices.Clone(p.created), through: p.through,
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.open--
		b.metrics.Queue.Add(-len(p.events))
		b.pipe.ledger.Release(p.keys)
		return err
	}
	b.added = max(b.added, p.through)
	if b.pipe.outbox.Keeps(p.events) {
		p.events = nil
	}
	p.events, p.records, p.keys, p.created = p.events[:0], 0, nil, p.created[:0]
	return nil
}

func (p *pipe) forget(k ledger.Key) {
	if p.config.Dedup {
		p.ledger.Release([]ledger.Key{k})
	}
}
