// Package delivery takes items from their download to the state file: it reads their
// records into events, keeps those in batches until the receiver has stored them,
// and remembers what was stored.
//
// The way in is [Tenant.Announce]: the collector announces an item, and reads it
// with [Item.Deliver]. The way out is [Delivery.Next], which gives a batch; the way back
// is [Batch.Ack], which ends in the ledger and, once all of an item is there, in the
// function that it was announced with.
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

// Config says how records are delivered.
type Config struct {
	TagPrefix string // of the tags of records; empty: they have that of the input section
	HealthTag string // of health records; empty: there are none
	BatchSize int    // bytes
	QueueSize int    // bytes of memory for all that waits
	RecordMax int    // bytes of JSON
	Dedup     bool
	// Downloads is how many of a tenant can be under way at once.
	Downloads int
}

// Delivery delivers the items of all tenants of an input. It is safe for concurrent
// use.
type Delivery struct {
	config    Config
	queue     *queue
	health    *lane
	ledger    *ledger.Ledger
	committer *committer
	metrics   *metrics.Set
	secrets   *sanitize.Redactor
	log       logging.Logger
	lastAck   atomic.Int64 // Unix nanoseconds
}

// New returns a Delivery, which owns the ledger from now on.
func New(c Config, l *ledger.Ledger, monitor *health.Monitor, metrics *metrics.Set, secrets *sanitize.Redactor, log logging.Logger) *Delivery {
	d := &Delivery{
		config: c, ledger: l, metrics: metrics, secrets: secrets, log: log,
		queue:     newQueue(c.BatchSize, c.QueueSize-c.QueueSize/garbage, recordCost),
		committer: newCommitter(l, monitor, metrics, log),
	}
	d.health = d.queue.lane(source.Stream{}, c.HealthTag)
	d.lastAck.Store(time.Now().UnixNano())
	return d
}

// Next returns the next batch to hand over, nil if there is none now. At most one
// batch of each tenant and content type is out at a time.
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

// answered takes a batch back.
func (d *Delivery) answered(b *Batch, stored bool) {
	if !stored {
		d.queue.putBack(b)
	} else if d.queue.release(b) {
		d.lastAck.Store(time.Now().UnixNano())
		d.committer.stored(b.parts)
	}
}

// Waiting is how many bytes of events wait for the receiver, or for its Ack. It is
// zero while nothing is handed over because the state file cannot be written.
func (d *Delivery) Waiting() int {
	if d.committer.full() {
		return 0
	}
	return d.queue.events()
}

// LastAck is when the last batch was acknowledged, or when the Delivery began.
func (d *Delivery) LastAck() time.Time { return time.Unix(0, d.lastAck.Load()) }

// Report hands over a health record, if such are wanted.
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

// Close writes what was acknowledged to the ledger and closes it. It waits until
// the deadline.
func (d *Delivery) Close(deadline time.Time) { d.committer.close(deadline) }
