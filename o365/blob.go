package o365

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/activity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/collector"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/outbox"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/record"
)

// pieceSize is how many bytes of events a download collects before it adds
// them to the outbox, where several small blobs share a batch.
const pieceSize = 64 << 10

// pieceRecords is how many records of usual sizes that makes.
const pieceRecords = 64

// blob is a content blob on its way to Fluent Bit.
type blob struct {
	pipe    *pipe
	stream  ledger.Stream
	content activity.Content
	lane    outbox.Lane
	metrics *health.StreamMetrics
	known   int // elements that were confirmed before this start

	bad       int               // elements that are no usable records
	firstBad  *record.Malformed // of them
	conflicts int               // records with the Id of others
	oversized int               // records over record_max

	mu    sync.Mutex
	added int  // elements, from the blob's start, that were added or judged
	open  int  // pieces that were added and are not confirmed
	read  bool // to its end
}

// receipt is what the outbox gives back of a piece of a blob.
type receipt struct {
	blob    *blob
	records int
	bytes   int // of events
	keys    []ledger.Key
	created []uint32 // CreationTimes in Unix seconds, of the records that have one
	through int      // elements of the blob up to the end of the piece
}

// downloadRoom is the memory that a download takes while it waits for Fluent
// Bit, in bytes: its scratch, the stream's buffer of net/http and what gzip
// looks back at. As measured, with records of usual sizes.
const downloadRoom = 640 << 10

// entryRoom is the memory that an entry of a listing takes until its blob is
// delivered, in bytes: as measured, with the addresses that Microsoft gives.
const entryRoom = 1 << 10

// Room implements [collector.Sink].
func (p *pipe) Room(ctx context.Context) (release func(), err error) {
	return p.outbox.Reserve(ctx, downloadRoom, p.config.mostDownloads())
}

// Blob implements [collector.Sink].
func (p *pipe) Blob(s ledger.Stream, c activity.Content) collector.Blob {
	lane := outbox.Lane{Name: s.Tenant + " " + s.ContentType}
	if p.config.TagPrefix != "" {
		lane.Tag = p.config.TagPrefix + "." + c.Type.Short()
	}
	p.outbox.Account(entryRoom)
	return &blob{pipe: p, stream: s, content: c, lane: lane, metrics: p.metrics.Stream(s.ContentType), known: p.ledger.Progress(s, c.ID).Records}
}

// Forget implements [collector.Blob].
func (b *blob) Forget() { b.pipe.outbox.Account(-entryRoom) }

// Deliver implements [collector.Blob].
func (b *blob) Deliver(ctx context.Context, r io.Reader) error {
	scratch := b.pipe.scratch(b.content.Type)
	scratch.decoder.Ask(&largeRecord{ctx: ctx, pipe: b.pipe})
	defer b.pipe.putBack(b.content.Type, scratch)
	d := scratch.decoder
	d.Reset(r)
	piece := piece{blob: b, events: scratch.events[:0], created: scratch.created[:0]}
	defer func() { scratch.events, scratch.created = piece.events, piece.created }()
	for {
		start := len(piece.events)
		events, rec, err := d.Append(piece.events)
		switch bad, isBad := err.(*record.Malformed); {
		case err == nil:
			piece.events = events
			if !b.wanted(&rec) {
				piece.events = events[:start]
				piece.through = rec.Index + 1
				continue
			}
			if start > 0 && len(events) > b.pieceSize() {
				piece.events = events[:start]
				if err := piece.add(ctx); err != nil {
					b.pipe.forget(rec.Key)
					return err
				}
				piece.events = append(piece.events[:0], events[start:]...)
			}
			piece.include(rec)
		case isBad:
			b.malformed(bad)
			piece.through = bad.Index + 1
		case err == io.EOF:
			if err := piece.add(ctx); err != nil {
				return err
			}
			b.end(piece.through)
			return nil
		default:
			if err := piece.add(ctx); err != nil {
				return err
			}
			return err
		}
	}
}

// scratch is the memory that reading a blob takes, whatever its size.
type scratch struct {
	decoder *record.Decoder
	events  []byte
	created []uint32
}

// scratch returns memory that another blob of the content type has used, or
// new.
func (p *pipe) scratch(t activity.ContentType) *scratch {
	p.mu.Lock()
	defer p.mu.Unlock()
	if free := p.free[t]; len(free) > 0 {
		p.free[t] = free[:len(free)-1]
		return free[len(free)-1]
	}
	return &scratch{decoder: record.NewDecoder(nil, record.Options{
		Tenant: p.tenant, MaxSize: p.config.RecordMax, Old: p.oldKey(t),
	})}
}

// oldKey is what records are asked for as long as the ledger has keys of schema 1.
func (p *pipe) oldKey(t activity.ContentType) record.OldKey {
	switch {
	case !p.config.Dedup || !p.ledger.Old():
		return record.OldNone
	case t == activity.DLP:
		return record.OldWhole
	}
	return record.OldByID
}

// putBack keeps the memory for the next blob, unless a huge record has blown
// it up.
func (p *pipe) putBack(t activity.ContentType, s *scratch) {
	s.decoder.Reset(nil)
	if cap(s.events) > 4*pieceSize {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free[t] = append(p.free[t], s)
}

func (b *blob) pieceSize() int { return min(pieceSize, b.pipe.config.BatchSize) }

// wanted reports whether a record is to be handed over: neither its place in
// the blob nor, with dedup, its key has been. With dedup the place does not
// matter, so a blob that is served differently the second time loses nothing.
// The record's key becomes the one that was claimed.
func (b *blob) wanted(rec *record.Record) bool {
	isNew := rec.Index >= max(b.known, b.addedSoFar())
	if !b.pipe.config.Dedup {
		return isNew
	}
	key, claimed := b.pipe.ledger.Claim(rec.Key, rec.Old)
	rec.Key = key
	if isNew {
		switch claimed {
		case ledger.Known:
			b.metrics.Duplicates.Add(1)
		case ledger.Conflict:
			b.metrics.Conflicts.Add(1)
			b.conflicts++
		}
	}
	return claimed != ledger.Known
}

func (b *blob) addedSoFar() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.added
}

func (b *blob) malformed(bad *record.Malformed) {
	if bad.Index < b.addedSoFar() {
		return // it was said when the blob was read before
	}
	b.metrics.Malformed.Add(1)
	if b.bad++; b.firstBad == nil {
		b.firstBad = bad
	}
}

// report logs what was unusual about a blob that was read to its end, in a line
// each.
func (b *blob) report() {
	warn := func(format string, args ...any) {
		b.pipe.log.Warnf("%s %s: blob %s: %s", b.stream.Tenant, b.stream.ContentType, b.content.ID, fmt.Sprintf(format, args...))
	}
	if b.bad > 0 {
		warn("%d of its elements are no usable records and are left out; the first: %v", b.bad, b.firstBad)
	}
	if b.oversized > 0 {
		warn("%d records are larger than record_max; of them only the first fields are delivered, with o365_record_too_large", b.oversized)
	}
	// Microsoft gives a DLP match and what undoes it one Id.
	if b.conflicts > 0 && b.content.Type != activity.DLP {
		warn("%d records have the Id of others, but another content; they are delivered", b.conflicts)
	}
}

// end says that all elements of the blob have been added.
func (b *blob) end(through int) {
	b.mu.Lock()
	b.read = true
	b.added = max(b.added, through)
	done := b.open == 0
	b.mu.Unlock()
	b.report()
	if done {
		b.pipe.committer.deliver(b, b.delivery(receipt{blob: b, through: through}, true))
	}
}

// confirm takes a receipt back and returns what the ledger has to know.
func (b *blob) confirm(r receipt) ledger.Delivery {
	b.stored(r)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	return b.delivery(r, b.read && b.open == 0)
}

// stored counts what Fluent Bit has taken.
func (b *blob) stored(r receipt) {
	b.metrics.Records.Add(r.records)
	b.metrics.Bytes.Add(r.bytes)
	b.metrics.Queue.Add(-r.bytes)
	now := time.Now().Unix()
	for _, created := range r.created {
		b.metrics.EventLag.Observe(now - int64(created))
	}
}

func (b *blob) delivery(r receipt, done bool) ledger.Delivery {
	return ledger.Delivery{
		Stream: b.stream, Blob: b.content.ID, Created: b.content.Created, Expires: b.content.Expires,
		Keys: r.keys, Through: r.through, Done: done,
	}
}

// piece is a part of a blob that is added to the outbox in one go.
type piece struct {
	blob    *blob
	events  []byte
	records int
	keys    []ledger.Key
	created []uint32
	through int
}

func (p *piece) include(rec record.Record) {
	p.records++
	if rec.TooLarge > 0 && rec.Index >= p.blob.known {
		p.blob.metrics.Oversized.Add(1)
		p.blob.oversized++
	}
	p.through = rec.Index + 1
	if !rec.TimeMissing {
		p.created = append(p.created, uint32(rec.Time.Unix())) // an event holds no more
	}
	if p.blob.pipe.config.Dedup {
		if p.keys == nil {
			p.keys = make([]ledger.Key, 0, pieceRecords)
		}
		p.keys = append(p.keys, ledger.Key(rec.Key))
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
	p.events, p.records, p.keys, p.created = p.events[:0], 0, nil, p.created[:0]
	if cap(p.events) > elements.LargeSize {
		p.events = nil
	}
	return nil
}

// largeRecord is leave to hold a large record: one for all downloads of an input,
// since three copies of it are made on its way.
type largeRecord struct {
	ctx  context.Context
	pipe *pipe
}

// Acquire implements [elements.Large].
func (l *largeRecord) Acquire() error {
	select {
	case l.pipe.large <- struct{}{}:
		l.pipe.outbox.Account(l.room())
		return nil
	case <-l.ctx.Done():
		return l.ctx.Err()
	}
}

// Release implements [elements.Large].
func (l *largeRecord) Release() {
	l.pipe.outbox.Account(-l.room())
	<-l.pipe.large
}

func (l *largeRecord) room() int { return min(3*l.pipe.config.RecordMax, l.pipe.config.QueueSize/4) }

func (p *pipe) forget(k ledger.Key) {
	if p.config.Dedup {
		p.ledger.Release([]ledger.Key{k})
	}
}
