package delivery

import (
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// item is one on its way to the receiver.
type item struct {
	source.Item
	tenant    *Tenant
	stream    *stream
	delivered func() // called once the ledger has all of it
	known     int    // elements that were acknowledged before this start
	found     findings

	mu    sync.Mutex
	added int  // elements, from the item's start, that were added or dropped
	open  int  // parts that were added and are not acknowledged
	read  bool // to its end
}

// Forget implements [collector.Delivery].
func (i *item) Forget() { i.tenant.queue.account(-ItemRoom) }

// done is how many elements need not be handed over again.
func (i *item) done() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return max(i.known, i.added)
}

// end says that all elements of the item have been added.
func (i *item) end(through int) {
	i.mu.Lock()
	i.read = true
	i.added = max(i.added, through)
	stored := i.open == 0
	i.mu.Unlock()
	if stored {
		i.tenant.committer.ended(i, i.delivery(part{item: i, through: through}, true))
	}
}

// stored takes a part that the receiver has stored, and returns what the ledger has
// to know.
func (i *item) stored(p part) ledger.Delivery {
	m := i.stream.metrics
	m.Records.Add(p.records)
	m.Bytes.Add(p.bytes)
	m.Queue.Add(-p.bytes)
	now := time.Now().Unix()
	for _, created := range p.created {
		m.EventLag.Observe(now - int64(created))
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.open--
	return i.delivery(p, i.read && i.open == 0)
}

// committed follows up a delivery that the ledger has.
func (i *item) committed(d ledger.Delivery) {
	if !d.Done {
		return
	}
	i.stream.metrics.Delivered.Add(1)
	i.stream.metrics.Newest.Advance(d.Created)
	i.delivered()
}

func (i *item) delivery(p part, done bool) ledger.Delivery {
	return ledger.Delivery{
		Stream: i.stream.Stream, Blob: i.ID, Created: i.Created, Expires: i.Expires,
		Keys: p.keys, Through: p.through, Done: done,
	}
}
