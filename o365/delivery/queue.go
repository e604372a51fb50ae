package delivery

import (
	"context"
	"slices"
	"sync"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// lane holds the batches of one stream, with one tag. They are handed over in their
// order, but for those that come back, and acknowledged in their order without
// exception: what the ledger knows of an item is how far it was delivered.
type lane struct {
	stream   source.Stream
	tag      string
	begun    int      // batches so far
	waiting  []*Batch // oldest first
	inFlight []*Batch // oldest first; those that are stored wait for older ones
}

// acknowledged takes the batches out that are stored, as all older ones are.
func (l *lane) acknowledged() (batches []*Batch) {
	n := 0
	for n < len(l.inFlight) && l.inFlight[n].stored && (len(l.waiting) == 0 || l.inFlight[n].number < l.waiting[0].number) {
		n++
	}
	batches = slices.Clone(l.inFlight[:n])
	l.inFlight = slices.Delete(l.inFlight, 0, n)
	return batches
}

// insert puts a batch where its number says.
func insert(batches []*Batch, b *Batch) []*Batch {
	at, _ := slices.BinarySearchFunc(batches, b.number, func(o *Batch, n int) int { return o.number - n })
	return slices.Insert(batches, at, b)
}

// underWay reports whether a batch was handed over and not answered yet.
func (l *lane) underWay(b *Batch) bool { return !b.stored && slices.Contains(l.inFlight, b) }

// last returns the batch that may still be filled, or nil. Events never join a batch
// that came back while a later one is in flight.
func (l *lane) last() *Batch {
	if n := len(l.waiting); n > 0 && l.waiting[n-1].number == l.begun {
		return l.waiting[n-1]
	}
	return nil
}

// busy reports whether events are added faster than they are handed over.
func (l *lane) busy() bool { return len(l.waiting) > 0 }

// queue holds events in batches until the receiver has stored them. Whoever adds
// waits while it is full; whoever takes never waits. It is safe for concurrent use.
//
// Its limit is one of memory, not of bytes of events: see queue_memory.go.
type queue struct {
	batchSize   int // bytes
	unstoredMax int // bytes, that the receiver has in flight
	limit       int // bytes
	recordBytes int // of memory for each record until its batch is released

	mu          sync.Mutex
	lanes       []*lane
	turn        int           // index of the lane that is next for next
	waiting     int           // batches
	held        int           // bytes of all buffers, spare ones included
	spare       [][]byte      // buffers of batchSize bytes
	reserved    int           // bytes, see reserve
	elsewhere   int           // bytes, see account
	largeHolder any           // see reserveLarge; nil if there is none
	largeBytes  int           // bytes of it
	largeAdders int           // calls of add that wait with large events
	records     int           // waiting and in flight
	freed       chan struct{} // closed and replaced when memory becomes free
	ready       func()        // called when there is a batch for next after there was none
}

// newQueue returns an empty queue. A batch has at most batchSize bytes, unless it is of
// large events; the receiver takes at most unstoredMax bytes before it answers; all
// memory together is at most limit bytes, unless one batch is larger.
func newQueue(batchSize, unstoredMax, limit, recordBytes int) *queue {
	return &queue{
		batchSize: batchSize, unstoredMax: unstoredMax, limit: limit, recordBytes: recordBytes,
		freed: make(chan struct{}), ready: func() {},
	}
}

// lane returns the lane of a stream and a tag.
func (q *queue) lane(of source.Stream, tag string) *lane {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.lanes {
		if l.stream == of && l.tag == tag {
			return l
		}
	}
	l := &lane{stream: of, tag: tag}
	q.lanes = append(q.lanes, l)
	return l
}

// add appends whole events to a lane, and waits while the queue is full. It returns
// only ctx's error, and then nothing was added. Events are copied, but for large ones:
// those are kept, and the caller must not use them any more.
func (q *queue) add(ctx context.Context, l *lane, events []byte, p part) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	var err error
	if q.isLarge(events) {
		err = q.awaitLarge(ctx, cap(events))
	} else {
		err = q.await(ctx, func() bool {
			return q.largeAdders == 0 && q.fitsRecords(p.records) && q.fits(q.bytesNeeded(l, len(events)))
		})
	}
	if err != nil {
		return err
	}
	q.push(l, events, p)
	return nil
}

// addNow is add without waiting, for the few small events that a full queue must not
// hold up.
func (q *queue) addNow(l *lane, events []byte, p part) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.push(l, events, p)
}

// await waits until room returns true. The caller holds the lock, before and after.
func (q *queue) await(ctx context.Context, room func() bool) error {
	for !room() {
		freed := q.freed
		q.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
		}
		q.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// wake lets every await check again whether there is room.
func (q *queue) wake() {
	close(q.freed)
	q.freed = make(chan struct{})
}

func (q *queue) push(l *lane, events []byte, p part) {
	var b *Batch
	if q.isLarge(events) {
		q.held += cap(events)
		b = q.newBatch(l, events)
	} else {
		b = q.openBatch(l, len(events))
		b.Events = append(b.Events, events...)
	}
	b.Records += p.records
	q.records += p.records
	b.parts = append(b.parts, p)
}

// newBatch appends a batch to a lane.
func (q *queue) newBatch(l *lane, buf []byte) *Batch {
	if q.waiting == 0 {
		q.ready()
	}
	l.begun++
	b := &Batch{Tag: l.tag, Events: buf, lane: l, number: l.begun}
	l.waiting = append(l.waiting, b)
	q.waiting++
	return b
}

// openBatch returns the batch at the end of a lane, with room for n bytes.
func (q *queue) openBatch(l *lane, n int) *Batch {
	if b := l.last(); b != nil && len(b.Events)+n <= q.batchSize {
		if size := q.grownSize(b, n); size > cap(b.Events) {
			q.held += size - cap(b.Events)
			b.Events = append(make([]byte, 0, size), b.Events...)
		}
		return b
	}
	if q.usesSpare(n) {
		return q.newBatch(l, q.takeSpare())
	}
	buf := make([]byte, 0, q.firstSize(l, n))
	q.held += cap(buf)
	return q.newBatch(l, buf)
}

// next returns the oldest waiting batch of a lane, the lanes in turn; nil if there is
// none. The batch is in flight until release or putBack.
func (q *queue) next() *Batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting == 0 {
		return nil
	}
	for i := range q.lanes {
		l := q.lanes[(q.turn+i)%len(q.lanes)]
		if len(l.waiting) == 0 {
			continue
		}
		q.turn = (q.turn + i + 1) % len(q.lanes)
		b := l.waiting[0]
		l.waiting = slices.Delete(l.waiting, 0, 1)
		l.inFlight = insert(l.inFlight, b)
		q.waiting--
		return b
	}
	return nil
}

// release frees the memory of a batch that the receiver has stored: its events must not
// be read any more. It returns the batches that are acknowledged by that, in order.
func (q *queue) release(b *Batch) (acknowledged []*Batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !b.lane.underWay(b) {
		return nil
	}
	b.stored = true
	q.records -= b.Records
	q.freeBuffer(b.Events)
	b.Events = nil
	q.wake()
	return b.lane.acknowledged()
}

// putBack puts a batch back to the front of its lane, if it was in flight.
func (q *queue) putBack(b *Batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !b.lane.underWay(b) {
		return
	}
	b.lane.inFlight = slices.DeleteFunc(b.lane.inFlight, func(o *Batch) bool { return o == b })
	b.lane.waiting = insert(b.lane.waiting, b)
	q.waiting++
}

// eventBytes returns how many bytes of events are waiting and in flight.
func (q *queue) eventBytes() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for _, l := range q.lanes {
		for _, b := range slices.Concat(l.waiting, l.inFlight) {
			n += len(b.Events)
		}
	}
	return n
}
