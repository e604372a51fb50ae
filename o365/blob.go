package o365

import (
	"context"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/collector"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/outbox"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// blob is a content blob on its way to Fluent Bit.
type blob struct {
	pipe    *pipe
	stream  source.Stream
	content source.Item
	kind    source.ContentType
	lane    outbox.Lane
	metrics *health.StreamMetrics
	known   int // elements that were confirmed before this start
	found   findings

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
func (p *pipe) Blob(s source.Stream, c source.Item) collector.Blob {
	kind := p.types[s.ContentType]
	lane := outbox.Lane{Name: s.Tenant + " " + s.ContentType}
	if p.config.TagPrefix != "" {
		lane.Tag = p.config.TagPrefix + "." + kind.Tag
	}
	p.outbox.Account(entryRoom)
	return &blob{pipe: p, stream: s, content: c, kind: kind, lane: lane, metrics: p.metrics.Stream(s.ContentType), known: p.ledger.Progress(s, c.ID).Records}
}

// Forget implements [collector.Blob].
func (b *blob) Forget() { b.pipe.outbox.Account(-entryRoom) }

func (b *blob) addedSoFar() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.added
}

// end says that all elements of the blob have been added.
func (b *blob) end(through int) {
	b.mu.Lock()
	b.read = true
	b.added = max(b.added, through)
	done := b.open == 0
	b.mu.Unlock()
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
