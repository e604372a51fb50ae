package delivery

import "context"

// The limit of a queue counts all memory that events cost on their way: the buffers of
// batches, filled or not, and those kept for the next batches (held), the copies that
// the host makes of batches in flight, what the downloads that fill the queue have
// reserved, items (account), the large record that is being read, and what is
// remembered of records until their batch is released.

const (
	// garbageShare is the part of queue_size, one in so many, that is left to memory
	// that the garbage collector has not found yet or not given back: as measured.
	garbageShare = 4
	// recordBytes is the memory for a record until it is acknowledged: its key in the
	// part and among those that are claimed, and its time.
	recordBytes = 64
	// downloadBytes is the memory of a download that waits for the receiver: its
	// scratch, the stream's buffer of net/http and the window of gzip. As measured,
	// with records of usual sizes.
	downloadBytes = 640 << 10
	// ItemRoom is the memory of a listed item until it is delivered, in bytes: as
	// measured, with the addresses that Microsoft gives.
	ItemRoom = 1 << 10
)

// reserve counts memory outside the queue, in bytes, until release is called. It waits
// while a quarter of the limit is reserved: those who wait to add always have the
// rest. Where the limit is small, bytes count as less, so that as many reservations as
// atOnce need not wait for each other. The error is ctx's.
func (q *queue) reserve(ctx context.Context, bytes, atOnce int) (release func(), err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	bytes = min(bytes, q.limit/4/atOnce)
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

// account counts memory outside the queue, in bytes, without waiting; a negative number
// ends that. Where the limit is small, only an eighth of it counts, so that there is
// always room for events.
func (q *queue) account(bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.elsewhere += bytes; bytes < 0 {
		q.wake()
	}
}

// fits reports whether n bytes more are within the limit. It gives up spare buffers
// for them.
func (q *queue) fits(n int) bool {
	// What is in flight the receiver has on its way and in its own storage.
	copies := min(2*q.unstoredMax, q.limit/4)
	allowed := q.limit - copies - q.reserved - min(q.elsewhere, q.limit/8) - q.largeBytes - q.records*q.recordBytes
	for n > 0 && q.held+n > allowed && len(q.spare) > 0 {
		q.takeSpare()
		q.held -= q.batchSize
	}
	return n == 0 || q.held == 0 || q.held+n <= allowed
}

// fitsRecords reports whether what is remembered of so many records more is within a
// quarter of the limit. It is not only where records have a few bytes each.
func (q *queue) fitsRecords(records int) bool {
	return q.records == 0 || (q.records+records)*q.recordBytes <= q.limit/4
}

// bytesNeeded returns how many bytes of memory it takes to push n bytes to a lane.
func (q *queue) bytesNeeded(l *lane, n int) int {
	if b := l.last(); b != nil && len(b.Events)+n <= q.batchSize {
		return q.grownSize(b, n) - cap(b.Events)
	}
	if q.usesSpare(n) {
		return 0
	}
	return q.firstSize(l, n)
}

// usesSpare reports whether a new batch with n bytes takes a spare buffer.
func (q *queue) usesSpare(n int) bool { return len(q.spare) > 0 && n <= q.batchSize }

// firstSize returns the size of a new batch's buffer. Where one batch fills after the
// other it is at once that of a full batch, else what the events need: most lanes are
// quiet most of the time.
func (q *queue) firstSize(l *lane, n int) int {
	if l.busy() {
		return q.batchSize
	}
	return n
}

// grownSize returns the size that a batch's buffer must have for n bytes more.
func (q *queue) grownSize(b *Batch, n int) int {
	if need := len(b.Events) + n; need > cap(b.Events) {
		return max(need, min(4*cap(b.Events), q.batchSize))
	}
	return cap(b.Events)
}

// freeBuffer keeps a buffer for the next batch, as long as others wait.
func (q *queue) freeBuffer(buf []byte) {
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
