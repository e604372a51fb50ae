// Package outbox holds encoded events until Fluent Bit has taken them: a
// bounded queue with one lane per stream. Whoever adds waits while it is
// full; whoever takes never waits.
//
// The bound is on memory, not on bytes of events: see [Outbox].
//
// A lane has at most one batch in flight, taken but neither confirmed nor
// returned. So a process that is killed repeats at most one batch per stream.
package outbox

import (
	"context"
	"slices"
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

// last is the batch that may still be filled, or nil.
func (l *lane[R]) last() *Batch[R] {
	if n := len(l.waiting); n > 0 {
		return l.waiting[n-1]
	}
	return nil
}

// busy tells that events come faster than they go.
func (l *lane[R]) busy() bool { return len(l.waiting) > 0 }

// Outbox is safe for concurrent use. Its limit counts all the memory that events
// cost on their way: the room of batches, filled or not, that of buffers kept
// for the next ones, the copies that the host makes of batches in flight, what
// the downloads that fill it have reserved, and what is remembered of records
// until they are confirmed.
type Outbox[R any] struct {
	batchSize  int
	limit      int
	recordCost int

	mu        sync.Mutex
	lanes     []*lane[R]
	byName    map[string]*lane[R]
	turn      int           // lane that is looked at first by Next
	waiting   int           // batches
	held      int           // bytes of all buffers, spare ones included
	spare     [][]byte      // of batchSize
	reserved  int           // bytes
	elsewhere int           // bytes, as Account counts them
	holder    any           // of a large record, or nil
	enlarged  int           // bytes that it takes
	urgent    int           // adders that wait with more than a batch
	records   int           // waiting and in flight
	freed     chan struct{} // closed and replaced when there is more room
}

// New returns an empty outbox. Batches hold at most batchSize bytes unless one
// event is larger; all memory together is at most limit bytes unless one batch
// is larger. Of each record recordCost bytes are remembered until it is confirmed,
// beside its event.
func New[R any](batchSize, limit, recordCost int) *Outbox[R] {
	return &Outbox[R]{
		batchSize:  batchSize,
		limit:      limit,
		recordCost: recordCost,
		byName:     make(map[string]*lane[R]),
		freed:      make(chan struct{}),
	}
}

// Add appends whole events to a lane, and waits while the outbox is full. It
// returns only ctx's error, and then nothing was added. Events are copied; only
// what is more than a batch is kept as it is, and the caller must let go of it.
func (o *Outbox[R]) Add(ctx context.Context, name Lane, events []byte, records int, receipt R) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lane(name)
	room := func() bool { return o.urgent == 0 && o.takes(records) && o.fits(o.needs(l, len(events))) }
	if o.Keeps(events) {
		// Those with less would take the room whenever there is some.
		o.urgent++
		defer func() {
			if o.urgent--; o.urgent == 0 {
				o.wake()
			}
		}()
		room = func() bool { return o.fits(cap(events)) }
	}
	if err := o.await(ctx, room); err != nil {
		return err
	}
	o.push(l, events, records, receipt)
	return nil
}

// Keeps reports whether Add keeps events instead of copying them.
func (o *Outbox[R]) Keeps(events []byte) bool { return len(events) > o.batchSize }

// Push is Add without waiting, for the few small events that must not be held
// up by a full outbox.
func (o *Outbox[R]) Push(name Lane, events []byte, records int, receipt R) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.push(o.lane(name), events, records, receipt)
}

// await waits until there is room. The caller holds the lock, also afterwards.
func (o *Outbox[R]) await(ctx context.Context, room func() bool) error {
	for !room() {
		freed := o.freed
		o.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
		}
		o.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (o *Outbox[R]) wake() {
	close(o.freed)
	o.freed = make(chan struct{})
}

func (o *Outbox[R]) lane(name Lane) *lane[R] {
	l := o.byName[name.Name]
	if l == nil {
		l = &lane[R]{Lane: name}
		o.byName[name.Name] = l
		o.lanes = append(o.lanes, l)
	}
	return l
}

func (o *Outbox[R]) push(l *lane[R], events []byte, records int, receipt R) {
	b := o.keep(l, events)
	if b == nil {
		b = o.open(l, len(events))
		b.Events = append(b.Events, events...)
	}
	b.Records += records
	o.records += records
	b.Receipts = append(b.Receipts, receipt)
}

// keep makes a batch of events that are more than one, else nil.
func (o *Outbox[R]) keep(l *lane[R], events []byte) *Batch[R] {
	if !o.Keeps(events) {
		return nil
	}
	o.held += cap(events)
	return o.begin(l, events)
}

// begin appends a batch to a lane.
func (o *Outbox[R]) begin(l *lane[R], buf []byte) *Batch[R] {
	b := &Batch[R]{Tag: l.Tag, lane: l, Events: buf}
	l.waiting = append(l.waiting, b)
	o.waiting++
	return b
}

// open returns the batch at the end of a lane, with room for n bytes.
func (o *Outbox[R]) open(l *lane[R], n int) *Batch[R] {
	if b := l.last(); b != nil && len(b.Events)+n <= o.batchSize {
		if room := o.grown(b, n); room > cap(b.Events) {
			o.held += room - cap(b.Events)
			b.Events = append(make([]byte, 0, room), b.Events...)
		}
		return b
	}
	if o.reuses(n) {
		return o.begin(l, o.takeSpare())
	}
	buf := make([]byte, 0, o.first(l, n))
	o.held += cap(buf)
	return o.begin(l, buf)
}

// Next takes the oldest batch of a lane that has none in flight, the lanes in
// turn; nil if there is none. The batch must be confirmed or returned.
func (o *Outbox[R]) Next() *Batch[R] {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting == 0 {
		return nil
	}
	for i := range o.lanes {
		l := o.lanes[(o.turn+i)%len(o.lanes)]
		if l.inFlight != nil || len(l.waiting) == 0 {
			continue
		}
		o.turn = (o.turn + i + 1) % len(o.lanes)
		l.inFlight = l.waiting[0]
		l.waiting = slices.Delete(l.waiting, 0, 1)
		o.waiting--
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
	o.records -= b.Records
	o.free(b.Events)
	b.Events = nil
	o.wake()
}

// Return puts a batch back to the front of its lane.
func (o *Outbox[R]) Return(b *Batch[R]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if b.lane.inFlight != b {
		return
	}
	b.lane.inFlight = nil
	b.lane.waiting = slices.Insert(b.lane.waiting, 0, b)
	o.waiting++
}
