package delivery

import "time"

// Bounds of the wait before returned batches are handed over again.
const (
	firstWait = time.Second
	lastWait  = time.Minute
)

// Backoff is the wait before the next hand-over after batches came back.
type Backoff struct{ wait time.Duration }

// Next is how long to wait now: one second, twice as long each time, at most a
// minute.
func (b *Backoff) Next() time.Duration {
	b.wait = min(max(2*b.wait, firstWait), lastWait)
	return b.wait
}

// Reset is for a round that arrived.
func (b *Backoff) Reset() { b.wait = 0 }
