// Package outbox holds encoded events until Fluent Bit has taken them: a
// bounded queue with one lane per stream. Whoever adds waits while it is
// full; whoever takes never waits.
//
// A lane has at most one batch in flight, taken but neither confirmed nor
// returned. So a process that is killed repeats at most one batch per stream.
package outbox

import (
	"context"
	"sync"
)

// Lane names a stream of events that stay in order and carry one tag.
type Lane struct {
	Name string // unique
	Tag  string // empty: the tag of the input section
}

// Batch is what is handed over in one piece. R is whatever the adder wants to
// have back when the batch is confirmed.
type Batch[R any] struct {
	Tag      string
	Events   []byte // MessagePack, one event after the other
	Records  int
	Receipts []R

	lane *lane[R]
}

type lane[R any] struct {
	Lane
	waiting  []*Batch[R] // oldest first; the last one may still be filled
	inFlight *Batch[R]
}

// Outbox is safe for concurrent use.
type Outbox[R any] struct {
	batchSize int
	limit     int

	mu     sync.Mutex
	lanes  []*lane[R]
	byName map[string]*lane[R]
	turn   int           // lane that is looked at first by Next
	bytes  int           // of all batches, waiting and in flight
	freed  chan struct{} // closed and replaced when bytes shrinks
	spare  sync.Pool     // of *[]byte, to keep garbage low
}

// New returns an empty outbox. Batches hold at most batchSize bytes unless
// one event is larger; all of them together hold at most limit bytes unless
// one batch is larger.
func New[R any](batchSize, limit int) *Outbox[R] {
	return &Outbox[R]{
		batchSize: batchSize,
		limit:     limit,
		byName:    make(map[string]*lane[R]),
		freed:     make(chan struct{}),
	}
}

// Add appends whole events to a lane, copying them, and waits while the
// outbox is full. It returns only ctx's error, and then nothing was added.
func (o *Outbox[R]) Add(ctx context.Context, l Lane, events []byte, records int, receipt R) error {
	o.mu.Lock()
	for o.bytes > 0 && o.bytes+len(events) > o.limit {
		freed := o.freed
		o.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
		o.mu.Lock()
	}
	defer o.mu.Unlock()
	o.push(l, events, records, receipt)
	return nil
}

// Push is Add without waiting, for the few small events that must not be held
// up by a full outbox.
func (o *Outbox[R]) Push(l Lane, events []byte, records int, receipt R) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.push(l, events, records, receipt)
}

func (o *Outbox[R]) push(l Lane, events []byte, records int, receipt R) {
	b := o.open(l, len(events))
	b.Events = append(b.Events, events...)
	b.Records += records
	b.Receipts = append(b.Receipts, receipt)
	o.bytes += len(events)
}

// open returns the batch at the end of a lane that has room for n bytes.
func (o *Outbox[R]) open(name Lane, n int) *Batch[R] {
	l := o.byName[name.Name]
	if l == nil {
		l = &lane[R]{Lane: name}
		o.byName[name.Name] = l
		o.lanes = append(o.lanes, l)
	}
	if k := len(l.waiting); k > 0 {
		if last := l.waiting[k-1]; len(last.Events)+n <= o.batchSize {
			return last
		}
	}
	b := &Batch[R]{Tag: l.Tag, lane: l}
	if s, ok := o.spare.Get().(*[]byte); ok {
		b.Events = *s
	} else if len(l.waiting) > 0 {
		b.Events = make([]byte, 0, o.batchSize) // it is going to be filled
	}
	l.waiting = append(l.waiting, b)
	return b
}

// Next takes the oldest batch of a lane that has none in flight, the lanes in
// turn; nil if there is none. The batch must be confirmed or returned.
func (o *Outbox[R]) Next() *Batch[R] {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.lanes {
		l := o.lanes[(o.turn+i)%len(o.lanes)]
		if l.inFlight != nil || len(l.waiting) == 0 {
			continue
		}
		o.turn = (o.turn + i + 1) % len(o.lanes)
		l.inFlight = l.waiting[0]
		l.waiting = append(l.waiting[:0], l.waiting[1:]...)
		return l.inFlight
	}
	return nil
}

// Confirm ends a batch's life: its bytes are free for others and must not be
// read any more, its receipts stay.
func (o *Outbox[R]) Confirm(b *Batch[R]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if b.lane.inFlight != b {
		return
	}
	b.lane.inFlight = nil
	o.bytes -= len(b.Events)
	if cap(b.Events) <= 2*o.batchSize {
		s := b.Events[:0]
		o.spare.Put(&s)
	}
	b.Events = nil
	close(o.freed)
	o.freed = make(chan struct{})
}

// Return puts a batch back to the front of its lane.
func (o *Outbox[R]) Return(b *Batch[R]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if b.lane.inFlight != b {
		return
	}
	b.lane.inFlight = nil
	b.lane.waiting = append([]*Batch[R]{b}, b.lane.waiting...)
}

// Bytes tells how much is held, waiting and in flight.
func (o *Outbox[R]) Bytes() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes
}
