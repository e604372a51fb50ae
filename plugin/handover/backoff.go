package handover

import "time"

// Bounds of the back-off.
const (
	minBackoff = time.Second
	maxBackoff = time.Minute
)

// backoff is the wait before the next round after one that failed: batches had
// to be returned, the ring buffer was full, or the disk was.
type backoff struct{ wait time.Duration }

// next returns how long to wait now: minBackoff, twice as long each time, at
// most maxBackoff.
func (b *backoff) next() time.Duration {
	b.wait = min(max(2*b.wait, minBackoff), maxBackoff)
	return b.wait
}

// reset is called after a round that was stored.
func (b *backoff) reset() { b.wait = 0 }
