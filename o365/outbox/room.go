package outbox

import "context"

// Reserve counts memory that is used elsewhere to fill the outbox, until it is
// released. It waits while a quarter of the limit is taken: those who wait to
// add always have the rest. Where the limit is small, bytes count as less, so
// that as many as least need not wait for each other.
func (o *Outbox[R]) Reserve(ctx context.Context, bytes, least int) (release func(), err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	bytes = min(bytes, o.limit/4/least)
	if err := o.await(ctx, func() bool { return o.reserved+bytes <= o.limit/4 }); err != nil {
		return nil, err
	}
	o.reserved += bytes
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.reserved -= bytes
		o.wake()
	}, nil
}

// Account counts memory that comes and goes elsewhere, in bytes, without waiting.
// Where the limit is small, only an eighth of it counts, so that there is always
// room for events.
func (o *Outbox[R]) Account(bytes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.elsewhere += bytes; bytes < 0 {
		o.wake()
	}
}

// fits reports whether so many bytes more are within the limit. Spare buffers
// give way.
func (o *Outbox[R]) fits(n int) bool {
	// A batch of each lane may be in flight: the host has it on its way and in
	// its own storage.
	copies := min(2*len(o.lanes)*o.batchSize, o.limit/4)
	most := o.limit - copies - o.reserved - min(o.elsewhere, o.limit/8) - o.enlarged - o.records*o.recordCost
	for n > 0 && o.held+n > most && len(o.spare) > 0 {
		o.takeSpare()
		o.held -= o.batchSize
	}
	return n == 0 || o.held == 0 || o.held+n <= most
}

// takes reports whether what is remembered of so many records more is within a
// quarter of the limit. That is only not so where records have a few bytes each.
func (o *Outbox[R]) takes(records int) bool {
	return o.records == 0 || (o.records+records)*o.recordCost <= o.limit/4
}

// needs is how many bytes of memory it takes to push n bytes to a lane.
func (o *Outbox[R]) needs(l *lane[R], n int) int {
	if b := l.last(); b != nil && len(b.Events)+n <= o.batchSize {
		return o.grown(b, n) - cap(b.Events)
	}
	if o.reuses(n) {
		return 0
	}
	return o.first(l, n)
}

// reuses reports whether a new batch with n bytes takes a spare buffer.
func (o *Outbox[R]) reuses(n int) bool { return len(o.spare) > 0 && n <= o.batchSize }

// first is the room that a new batch begins with otherwise. Where one fills
// after the other it is at once what it will be in the end, else what the events
// need: most lanes are quiet most of the time.
func (o *Outbox[R]) first(l *lane[R], n int) int {
	if l.busy() {
		return o.batchSize
	}
	return n
}

// grown is the room that a batch must have for n bytes more.
func (o *Outbox[R]) grown(b *Batch[R], n int) int {
	if need := len(b.Events) + n; need > cap(b.Events) {
		return max(need, min(4*cap(b.Events), o.batchSize))
	}
	return cap(b.Events)
}

// free keeps a buffer for the next batch, as long as others wait.
func (o *Outbox[R]) free(buf []byte) {
	if o.waiting == 0 {
		o.held -= len(o.spare) * o.batchSize
		o.spare = nil
	}
	if o.waiting > 0 && cap(buf) == o.batchSize {
		o.spare = append(o.spare, buf[:0])
		return
	}
	o.held -= cap(buf)
}

func (o *Outbox[R]) takeSpare() []byte {
	last := len(o.spare) - 1
	buf := o.spare[last]
	o.spare[last] = nil
	o.spare = o.spare[:last]
	return buf
}

// Events tells how many bytes of events are held, waiting and in flight.
func (o *Outbox[R]) Events() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, l := range o.lanes {
		for _, b := range l.waiting {
			n += len(b.Events)
		}
		if l.inFlight != nil {
			n += len(l.inFlight.Events)
		}
	}
	return n
}

// Bytes tells how much memory is held, waiting, in flight and spare.
func (o *Outbox[R]) Bytes() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.held
}
