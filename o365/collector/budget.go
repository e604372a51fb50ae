package collector

import (
	"sync"
	"time"
)

// Budget is the rate of requests that one tenant allows, shared by everybody
// who collects from it. It starts at the rate it was made with, halves when
// the service refuses (AF429) and grows back slowly.
type Budget struct {
	mu      sync.Mutex
	most    float64 // requests per second
	rate    float64
	tokens  float64
	updated time.Time
	until   time.Time // paused by a refusal
	halved  time.Time
	pause   time.Duration // for the last refusal
	taken   int           // requests since
}

const (
	burst        = time.Second     // of requests may be made at once
	refusalPause = 2 * time.Second // without a Retry-After; doubled in a row of refusals
	longestPause = time.Minute
	inARow       = 10              // requests between refusals, at most, that the pause grows with
	halvingPause = time.Minute     // quotas are per minute: refusals in one count once
	growthTime   = 2 * time.Minute // from half to the full rate
	leastRate    = 10.0 / 60       // requests per second
)

// NewBudget allows perMinute requests a minute.
func NewBudget(perMinute int) *Budget {
	most := float64(perMinute) / 60
	return &Budget{most: most, rate: most, tokens: max(1, most*burst.Seconds())}
}

// Take takes leave for one request at now, or tells how long to wait for it.
func (b *Budget) Take(now time.Time) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.until) {
		return b.until.Sub(now), false
	}
	b.refill(now)
	if b.tokens >= 1 {
		b.tokens--
		b.taken++
		return 0, true
	}
	wait = time.Duration((1 - b.tokens) / b.rate * float64(time.Second))
	return max(wait, time.Millisecond), false // never nothing, for want of a rounding
}

func (b *Budget) refill(now time.Time) {
	passed := now.Sub(b.updated)
	if b.updated.IsZero() || passed < 0 {
		passed = 0
	}
	b.updated = now
	b.rate = min(b.most, b.rate+b.most/2*passed.Seconds()/growthTime.Seconds())
	b.tokens = min(max(1, b.rate*burst.Seconds()), b.tokens+b.rate*passed.Seconds())
}

// Refused says that the service refused a request at now and asked to wait
// for retryAfter (zero: it did not say). It reports whether this is news.
func (b *Budget) Refused(now time.Time, retryAfter time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case retryAfter > 0:
	case now.Before(b.until):
		retryAfter = b.until.Sub(now) // of the same burst
	case b.taken > inARow:
		b.pause = refusalPause // the service just stumbled
		retryAfter = b.pause
	default:
		b.pause = min(max(2*b.pause, refusalPause), longestPause)
		retryAfter = b.pause
	}
	b.taken = 0
	if until := now.Add(retryAfter); until.After(b.until) {
		b.until = until
	}
	b.updated, b.tokens = b.until, 1
	if now.Sub(b.halved) < halvingPause {
		return false
	}
	b.halved = now
	b.rate = max(leastRate, b.rate/2)
	return true
}

// PerMinute returns the present rate, in requests a minute.
func (b *Budget) PerMinute() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rate * 60
}

// Limit lowers the full rate to perMinute requests a minute, if it is higher.
func (b *Budget) Limit(perMinute int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.most = min(b.most, float64(perMinute)/60)
	b.rate = min(b.rate, b.most)
}
