package delivery

import (
	"context"
	"slices"
	"sync"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// lane holds the events of one stream, in their order and with one tag. At most one
// of its batches is in flight, so that a process that is killed repeats at most one
// batch of each stream.
type lane struct {
	stream   source.Stream
	tag      string
	waiting  []*Batch // oldest first; the last one may still be filled
	inFlight *Batch
}

// last is the batch that may still be filled, or nil.
func (l *lane) last() *Batch {
	if n := len(l.waiting); n > 0 {
		return l.waiting[n-1]
	}
	return nil
}

// busy tells that events come faster than they go.
func (l *lane) busy() bool { return len(l.waiting) > 0 }

// queue holds encoded events until the receiver has taken them. Whoever adds waits
// while it is full; whoever takes never waits. It is safe for concurrent use.
//
// Its limit is on memory, not on bytes of events. It counts all that these cost on
// their way: the room of batches, filled or not, that of buffers kept
// for the next ones, the copies that the host makes of batches in flight, what
// the downloads that fill it have reserved, and what is remembered of records
// until they are confirmed.
type queue struct {
	batchSize  int
	limit      int
	recordCost int // of each record until its batch is released

	mu        sync.Mutex
	lanes     []*lane
	turn      int           // lane that has its turn at next
	waiting   int           // batches
	held      int           // bytes of all buffers, spare ones included
	spare     [][]byte      // of batchSize
	reserved  int           // bytes
	elsewhere int           // bytes, as account counts them
	holder    any           // of a large record, or nil
	enlarged  int           // bytes that it takes
	urgent    int           // adders that wait with more than a batch
	records   int           // waiting and in flight
	freed     chan struct{} // closed and replaced when there is more room
}

// newQueue returns an empty queue. Batches hold at most batchSize bytes unless one
// event is larger; all memory together is at most limit bytes unless one batch is
// larger.
func newQueue(batchSize, limit, recordCost int) *queue {
	return &queue{batchSize: batchSize, limit: limit, recordCost: recordCost, freed: make(chan struct{})}
}

// lane returns the one of a stream.
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
// only ctx's error, and then nothing was added. Events are copied; only what is more
// than a batch is kept as it is, and the caller must let go of it.
func (q *queue) add(ctx context.Context, l *lane, events []byte, p part) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	room := func() bool { return q.urgent == 0 && q.takes(p.records) && q.fits(q.needs(l, len(events))) }
	if q.keeps(events) {
		// Those with less would take the room whenever there is some.
		q.urgent++
		defer func() {
			if q.urgent--; q.urgent == 0 {
				q.wake()
			}
		}()
		room = func() bool { return q.fits(cap(events)) }
	}
	if err := q.await(ctx, room); err != nil {
		return err
	}
	q.push(l, events, p)
	return nil
}

// keeps reports whether add keeps events instead of copying them.
func (q *queue) keeps(events []byte) bool { return len(events) > q.batchSize }

// addNow is add without waiting, for the few small events that must not be held up
// by a full queue.
func (q *queue) addNow(l *lane, events []byte, p part) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.push(l, events, p)
}

// await waits until there is room. The caller holds the lock, also afterwards.
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

func (q *queue) wake() {
	close(q.freed)
	q.freed = make(chan struct{})
}

func (q *queue) push(l *lane, events []byte, p part) {
	b := q.keep(l, events)
	if b == nil {
		b = q.open(l, len(events))
		b.Events = append(b.Events, events...)
	}
	b.Records += p.records
	q.records += p.records
	b.parts = append(b.parts, p)
}

// keep makes a batch of events that are more than one, else nil.
func (q *queue) keep(l *lane, events []byte) *Batch {
	if !q.keeps(events) {
		return nil
	}
	q.held += cap(events)
	return q.begin(l, events)
}

// begin appends a batch to a lane.
func (q *queue) begin(l *lane, buf []byte) *Batch {
	b := &Batch{Tag: l.tag, Events: buf, lane: l}
	l.waiting = append(l.waiting, b)
	q.waiting++
	return b
}

// open returns the batch at the end of a lane, with room for n bytes.
func (q *queue) open(l *lane, n int) *Batch {
	if b := l.last(); b != nil && len(b.Events)+n <= q.batchSize {
		if room := q.grown(b, n); room > cap(b.Events) {
			q.held += room - cap(b.Events)
			b.Events = append(make([]byte, 0, room), b.Events...)
		}
		return b
	}
	if q.reuses(n) {
		return q.begin(l, q.takeSpare())
	}
	buf := make([]byte, 0, q.first(l, n))
	q.held += cap(buf)
	return q.begin(l, buf)
}

// next takes the oldest batch of a lane that has none in flight, the lanes in
// turn; nil if there is none. The batch must be released or put
// back.
func (q *queue) next() *Batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting == 0 {
		return nil
	}
	for i := range q.lanes {
		l := q.lanes[(q.turn+i)%len(q.lanes)]
		if l.inFlight != nil || len(l.waiting) == 0 {
			continue
		}
		q.turn = (q.turn + i + 1) % len(q.lanes)
		l.inFlight = l.waiting[0]
		l.waiting = slices.Delete(l.waiting, 0, 1)
		q.waiting--
		return l.inFlight
	}
	return nil
}

// release ends a batch's life, and reports whether it was in flight: its bytes are
// free for others and must not be read any more, its parts stay.
func (q *queue) release(b *Batch) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if b.lane.inFlight != b {
		return false
	}
	b.lane.inFlight = nil
	q.records -= b.Records
	q.free(b.Events)
	b.Events = nil
	q.wake()
	return true
}

// putBack puts a batch back to the front of its lane, if it was in flight.
func (q *queue) putBack(b *Batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if b.lane.inFlight != b {
		return
	}
	b.lane.inFlight = nil
	b.lane.waiting = slices.Insert(b.lane.waiting, 0, b)
	q.waiting++
}
