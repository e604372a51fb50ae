package delivery

import "context"

const (
	// garbage is the part of queue_size, a quarter as measured, that is left to
	// what the garbage collector has not found yet or not given back.
	garbage = 4
	// recordCost is what is remembered of a record until it is acknowledged, in
	// bytes: its key in the part and among those that are claimed, and its time.
	recordCost = 64
	// downloadRoom is the memory that a download takes while it waits for the
	// receiver, in bytes: its scratch, the stream's buffer of net/http and what gzip
	// looks back at. As measured, with records of usual sizes.
	downloadRoom = 640 << 10
	// ItemRoom is the memory that a listed item takes until it is delivered, in
	// bytes: as measured, with the addresses that Microsoft gives.
	ItemRoom = 1 << 10
)

// reserve counts memory that is used elsewhere to fill the queue, until it is
// released. It waits while a quarter of the limit is taken: those who wait to
// add always have the rest. Where the limit is small, bytes count as less, so
// that as many as least need not wait for each other.
func (q *queue) reserve(ctx context.Context, bytes, least int) (release func(), err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	bytes = min(bytes, q.limit/4/least)
	if err := q.await(ctx, func() bool { return q.reserved+bytes <= q.limit/4 }); err != nil {
		return nil, err
	}
	q.reserved += bytes
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.reserved -= bytes
		q.wake()
	}, nil
}

// account counts memory that comes and goes elsewhere, in bytes, without waiting.
// Where the limit is small, only an eighth of it counts, so that there is always
// room for events.
func (q *queue) account(bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.elsewhere += bytes; bytes < 0 {
		q.wake()
	}
}

// fits reports whether so many bytes more are within the limit. Spare buffers
// give way.
func (q *queue) fits(n int) bool {
	// A batch of each lane may be in flight: the host has it on its way and in
	// its own storage.
	copies := min(2*len(q.lanes)*q.batchSize, q.limit/4)
	most := q.limit - copies - q.reserved - min(q.elsewhere, q.limit/8) - q.enlarged - q.records*q.recordCost
	for n > 0 && q.held+n > most && len(q.spare) > 0 {
		q.takeSpare()
		q.held -= q.batchSize
	}
	return n == 0 || q.held == 0 || q.held+n <= most
}

// takes reports whether what is remembered of so many records more is within a
// quarter of the limit. That is only not so where records have a few bytes each.
func (q *queue) takes(records int) bool {
	return q.records == 0 || (q.records+records)*q.recordCost <= q.limit/4
}

// needs is how many bytes of memory it takes to push n bytes to a lane.
func (q *queue) needs(l *lane, n int) int {
	if b := l.last(); b != nil && len(b.Events)+n <= q.batchSize {
		return q.grown(b, n) - cap(b.Events)
	}
	if q.reuses(n) {
		return 0
	}
	return q.first(l, n)
}

// reuses reports whether a new batch with n bytes takes a spare buffer.
func (q *queue) reuses(n int) bool { return len(q.spare) > 0 && n <= q.batchSize }

// first is the room that a new batch begins with otherwise. Where one fills
// after the other it is at once what it will be in the end, else what the events
// need: most lanes are quiet most of the time.
func (q *queue) first(l *lane, n int) int {
	if l.busy() {
		return q.batchSize
	}
	return n
}

// grown is the room that a batch must have for n bytes more.
func (q *queue) grown(b *Batch, n int) int {
	if need := len(b.Events) + n; need > cap(b.Events) {
		return max(need, min(4*cap(b.Events), q.batchSize))
	}
	return cap(b.Events)
}

// free keeps a buffer for the next batch, as long as others wait.
func (q *queue) free(buf []byte) {
	if q.waiting == 0 {
		q.held -= len(q.spare) * q.batchSize
		q.spare = nil
	}
	if q.waiting > 0 && cap(buf) == q.batchSize {
		q.spare = append(q.spare, buf[:0])
		return
	}
	q.held -= cap(buf)
}

func (q *queue) takeSpare() []byte {
	last := len(q.spare) - 1
	buf := q.spare[last]
	q.spare[last] = nil
	q.spare = q.spare[:last]
	return buf
}

// events is how many bytes of events are held, waiting and in flight.
func (q *queue) events() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for _, l := range q.lanes {
		for _, b := range l.waiting {
			n += len(b.Events)
		}
		if l.inFlight != nil {
			n += len(l.inFlight.Events)
		}
	}
	return n
}

// bytes is how much memory is held, waiting, in flight and spare.
func (q *queue) bytes() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held
}
