package delivery

import (
	"sync"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// item is one piece of content on its way to the receiver. It lives from
// Tenant.Announce to Forget, through any number of downloads.
type item struct {
	source.Item
	tenant    *Tenant
	delivery  *Delivery
	stream    *stream
	delivered func() // called once the ledger has all of it
	known     int    // elements that were acknowledged before this start of the plugin
	findings  findings

	mu    sync.Mutex
	added int  // elements, from the item's start, that were queued or dropped
	open  int  // parts that were queued and are not acknowledged
	read  bool // to its end
}

// done returns how many elements, from the item's start, need not be queued again.
func (i *item) done() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return max(i.known, i.added)
}

// opened notes that a part is about to be queued.
func (i *item) opened(p part) {
	i.stream.metrics.Queue.Add(p.bytes)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.open++
}

// queued notes that a part that was opened is queued.
func (i *item) queued(p part) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.added = max(i.added, p.through)
}

// dropped notes that a part that was opened is not queued: its records are new to the
// next download.
func (i *item) dropped(p part) {
	i.stream.metrics.Queue.Add(-p.bytes)
	i.delivery.ledger.Release(p.keys)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.open--
}

// ended notes that all elements of the item are queued or dropped. An item of which
// nothing is in flight then is delivered.
func (i *item) ended(through int) {
	i.mu.Lock()
	i.read = true
	i.added = max(i.added, through)
	stored := i.open == 0
	i.mu.Unlock()
	if stored {
		i.delivery.committer.ended(i, i.entry(part{item: i, through: through}, true))
	}
}

// taken notes that all elements of the item are queued or dropped, but that another
// download must come.
func (i *item) taken(through int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.added = max(i.added, through)
}

// Settle implements [collector.Delivery].
func (i *item) Settle() { i.ended(i.done()) }

// stored notes that the receiver has stored a part, and returns its entry for the
// ledger.
func (i *item) stored(p part) ledger.Delivery {
	m := i.stream.metrics
	m.Records.Add(p.records)
	m.Bytes.Add(p.bytes)
	m.Queue.Add(-p.bytes)
	now := i.tenant.metrics.Clock.Now().Unix()
	for _, created := range p.created {
		m.EventLag.Observe(now - int64(created))
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.open--
	return i.entry(p, i.read && i.open == 0)
}

// entry returns the entry of a part for the ledger; done: it is the item's last one.
func (i *item) entry(p part, done bool) ledger.Delivery {
	return ledger.Delivery{
		Stream: i.stream.Stream, Blob: i.ID, Created: i.Created, Expires: i.Expires,
		Keys: p.keys, Through: p.through, Done: done,
	}
}

// committed notes that the ledger has an entry.
func (i *item) committed(d ledger.Delivery) {
	if !d.Done {
		return
	}
	i.stream.metrics.Delivered.Add(1)
	i.stream.metrics.Newest.Advance(d.Created)
	i.delivered()
}

// Forget implements [collector.Delivery].
func (i *item) Forget() { i.delivery.queue.account(-ItemRoom) }
