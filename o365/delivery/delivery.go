// Package delivery takes items, pieces of content, from their download to the state
// file: it makes events of their records, keeps the events in batches until the
// receiver has stored them, and writes to the ledger what was stored.
//
// # The way of one record
//
// The way in is [Tenant], which the collector of a tenant calls:
//
//   - [Tenant.Announce] (tenant.go) takes an item that was listed and is not delivered.
//   - item.Deliver (download.go) reads a download of it. Package record makes an event
//     of each record; a record that was delivered before is dropped.
//   - queue.add (queue.go) copies the events to the last batch of their stream. It
//     waits while the queue is full.
//
// The way out and back is the receiver's:
//
//   - [Delivery.Next] (below) returns the oldest waiting batch of a stream.
//   - [Batch.Ack] (batch.go) leads to Delivery.answered (below), which frees the
//     batch's memory and acknowledges it once all older ones of its stream are.
//     [Batch.Nack] puts the batch back to the front of its stream.
//   - committer.run (ledger_writer.go) writes what was acknowledged (changes.go) to the ledger,
//     in a goroutine of its own.
//   - item.committed (item.go) calls the function that the item was announced with,
//     when the ledger has all of the item.
package delivery

import (
	"bytes"
	"sync/atomic"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/record"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Config is how records are delivered.
type Config struct {
	TagPrefix string // of the tags of records; empty: the tag of the input section
	HealthTag string // of health records; empty: there are none
	BatchSize int    // bytes of events
	// UnstoredMax is how many bytes of events the receiver takes at most before it
	// answers.
	UnstoredMax int
	QueueSize   int // bytes of memory for the queue and all that fills it
	RecordMax   int // bytes of JSON
	Dedup       bool
	// Downloads is the largest number of downloads of a tenant at a time.
	Downloads int
	// CopyMemory is what the copy of one content takes besides, in bytes, where content
	// is kept elsewhere too (see [source.Keeper]).
	CopyMemory int
	// Ready is called when Next has a batch again after it had none. It must not block,
	// and may be nil.
	Ready func()
	// OnGap, if set, is called for each gap (an event [health.Gap]), and for each part of
	// one that is taken back ([health.Recovery]). It must not block.
	OnGap func(health.Event)
}

// Delivery delivers the items of all tenants of an input. It is safe for concurrent
// use.
type Delivery struct {
	config    Config
	queue     *queue
	health    *lane // of health records
	ledger    *ledger.Ledger
	committer *committer
	metrics   *metrics.Set
	secrets   *sanitize.Redactor
	log       logging.Logger
	lastAck   atomic.Pointer[time.Time]
}

// New returns a Delivery. It takes over the ledger, which Close closes.
func New(c Config, l *ledger.Ledger, monitor *health.Monitor, metrics *metrics.Set, secrets *sanitize.Redactor, log logging.Logger) *Delivery {
	d := &Delivery{
		config: c, ledger: l, metrics: metrics, secrets: secrets, log: log,
		queue:     newQueue(c.BatchSize, c.UnstoredMax, c.QueueSize-c.QueueSize/garbageShare, recordBytes),
		committer: newCommitter(l, monitor, metrics, log),
	}
	if c.Ready != nil {
		d.queue.ready = c.Ready
	}
	d.health = d.queue.lane(source.Stream{}, c.HealthTag)
	d.noteAck()
	return d
}

// Next returns the next batch to hand over, or nil if there is none now. It never
// waits. While more than MaxUnwritten batches wait for the state file, there is none.
// Batches may be answered in any order: one counts as delivered when all older ones of
// its stream do.
func (d *Delivery) Next() *Batch {
	if d.committer.full() {
		return nil
	}
	b := d.queue.next()
	if b != nil && b.answer == nil {
		b.answer = func(stored bool) { d.answered(b, stored) }
	}
	return b
}

// answered takes a batch back from the receiver. It never waits.
func (d *Delivery) answered(b *Batch, stored bool) {
	if !stored {
		d.queue.putBack(b)
		return
	}
	d.noteAck()
	for _, done := range d.queue.release(b) {
		d.committer.stored(done.parts)
	}
}

// Waiting returns how many bytes of events wait for the receiver, or for its Ack. It
// is zero while nothing is handed over because the state file cannot be written.
func (d *Delivery) Waiting() int {
	if d.committer.full() {
		return 0
	}
	return d.queue.eventBytes()
}

// LastAck returns the time of the last Ack, or that of New if there was none, with its
// monotonic reading: how long ago that is does not depend on how the clock is set.
func (d *Delivery) LastAck() time.Time { return *d.lastAck.Load() }

func (d *Delivery) noteAck() {
	now := time.Now()
	d.lastAck.Store(&now)
}

// Report queues a health record, if Config.HealthTag is set. It never waits.
func (d *Delivery) Report(e health.Event) {
	if d.config.HealthTag == "" {
		return
	}
	event, _, err := record.NewDecoder(bytes.NewReader(e.JSON()), record.Options{}).Append(nil)
	if err != nil {
		d.log.Errorf("health record: %v", err)
		return
	}
	d.queue.addNow(d.health, event, part{records: 1})
}

// Close writes what was acknowledged to the ledger and closes it. It returns at the
// deadline at the latest; nothing may be called after it.
func (d *Delivery) Close(deadline time.Time) { d.committer.close(deadline) }
