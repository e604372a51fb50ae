package delivery

import (
	"context"
	"io"
	"slices"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/record"
)

// pieceSize is how many bytes of events a download collects before it adds them to
// the queue, where several small items share a batch.
const pieceSize = 64 << 10

// pieceRecords is how many records of usual sizes that makes.
const pieceRecords = 64

// reading is an item that is being downloaded.
type reading struct {
	*item
	decoder *record.Decoder
	piece   piece
	large   bool // a record takes more memory than a download has
}

// Deliver implements [collector.Delivery].
func (i *item) Deliver(ctx context.Context, body io.Reader) error {
	scratch := i.tenant.scratch()
	defer i.tenant.reuse(scratch)
	r := &reading{
		item: i, decoder: scratch.decoder,
		piece: piece{item: i, events: scratch.events[:0], created: scratch.created[:0]},
	}
	defer func() { scratch.events, scratch.created = r.piece.events, r.piece.created }()
	defer i.tenant.queue.restore(i)
	r.decoder.Reset(record.Body{
		Reader: body, ContentID: i.ID,
		Resize: func(bytes int) error { return r.resize(ctx, bytes) },
	})
	i.found.begin(i.done())
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

// element takes the next element of the item.
func (r *reading) element(ctx context.Context) error {
	p := &r.piece
	start := len(p.events)
	events, rec, err := r.decoder.Append(p.events)
	if bad, ok := err.(*record.Malformed); ok { // it is never wrapped, and there may be millions
		r.found.addMalformed(bad, r.stream.metrics)
		p.through = bad.Index + 1
		return nil
	}
	if err != nil {
		return err
	}
	key, verdict := r.judge(r.decoder, rec)
	r.found.addRecord(rec, verdict, r.stream.metrics)
	p.events = events
	if verdict == ledger.Known {
		p.events = events[:start]
		p.through = rec.Index + 1
		return nil
	}
	if start > 0 && len(events) > r.pieceSize() {
		p.events = events[:start]
		if err := p.add(ctx); err != nil {
			r.release(key)
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
	if r.large = bytes > elements.UnreservedSize; r.large {
		return r.tenant.queue.enlarge(ctx, r.item, 2*bytes)
	}
	r.tenant.queue.restore(r.item)
	return nil
}

// shrink adds what there is and gives up the memory of a large record.
func (r *reading) shrink(ctx context.Context) error {
	if err := r.piece.add(ctx); err != nil {
		return err
	}
	r.piece.events = nil
	r.decoder.Shrink()
	return nil
}

// end adds what is left. It returns the error that ended the item, nil for its end.
func (r *reading) end(ctx context.Context, err error) error {
	if failed := r.piece.add(ctx); failed != nil {
		return failed
	}
	if err != io.EOF {
		return err
	}
	r.found.report(r.item)
	r.item.end(r.piece.through)
	return nil
}

// judge says whether a record is known: its place in the blob or, with dedup,
// its key. With dedup the place does not matter, so an item that is served
// differently the second time loses nothing.
func (i *item) judge(d *record.Decoder, rec record.Record) (ledger.Key, ledger.Verdict) {
	if !i.tenant.config.Dedup {
		if rec.Index < i.done() {
			return ledger.Key{}, ledger.Known
		}
		return ledger.Key{}, ledger.New
	}
	// Of DLP.All schema 1 remembered whole records: there a match and its undoing
	// have one Id.
	if i.tenant.ledger.HasOldKeys() && i.tenant.ledger.KnowsOldKey(d.OldKey(i.stream.kind.SharedIDs)) {
		return ledger.Key{}, ledger.Known
	}
	return i.tenant.ledger.Claim(rec.Key)
}

func (i *item) pieceSize() int { return min(pieceSize, i.tenant.config.BatchSize) }

// piece is what is added to the queue in one go.
type piece struct {
	item    *item
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
	if p.item.tenant.config.Dedup {
		if p.keys == nil {
			p.keys = make([]ledger.Key, 0, pieceRecords)
		}
		p.keys = append(p.keys, key)
	}
}

// add moves the piece to the queue and empties it.
func (p *piece) add(ctx context.Context) error {
	if p.records == 0 {
		return nil
	}
	i := p.item
	q, m := i.tenant.queue, i.stream.metrics
	i.mu.Lock()
	i.open++
	i.mu.Unlock()
	m.Queue.Add(len(p.events))
	err := q.add(ctx, i.stream.lane, p.events, part{
		item: i, records: p.records, bytes: len(p.events), keys: p.keys, created: slices.Clone(p.created), through: p.through,
	})
	i.mu.Lock()
	defer i.mu.Unlock()
	if err != nil {
		i.open--
		m.Queue.Add(-len(p.events))
		i.tenant.ledger.Release(p.keys)
		return err
	}
	i.added = max(i.added, p.through)
	if q.keeps(p.events) {
		p.events = nil
	}
	p.events, p.records, p.keys, p.created = p.events[:0], 0, nil, p.created[:0]
	return nil
}

// release gives up the claim to a record that is not delivered.
func (i *item) release(k ledger.Key) {
	if i.tenant.config.Dedup {
		i.tenant.ledger.Release([]ledger.Key{k})
	}
}
