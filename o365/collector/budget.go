package collector

import (
	"math"
	"sync"
	"time"
)

// Budget is the rate of requests that one tenant allows, shared by everybody
// in the process who collects from it.
//
// Microsoft grants 2,000 requests a minute to a tenant and more to some, but
// tells nobody how many, nor who else uses them. A Budget finds out. Until the
// first refusal (AF429) it grows by half every minute. A refusal means a pause
// and a step back: by 3 %, and by as much of a minute as refusals have lasted
// without a request accepted in between, for a rate that used a minute's quota
// up 20 s early was too high by a third of itself. So a single refusal, which
// says that the rate has touched the quota, costs little, and a row of them,
// which says that somebody else uses it too or that it has become smaller,
// costs much. After a step back the rate grows with the cube of the time: it
// stays just below the quota for minutes and still finds a quota ten times as
// large in a quarter of an hour. Who has less grows faster, while refusals make
// all step back alike; so processes that share a quota come to equal shares.
//
// Fresh content goes ahead of a backfill on credit, which the backfill then
// pays back by waiting.
type Budget struct {
	mu      sync.Mutex
	most    float64 // requests per second; the ceiling
	rate    float64 // requests per second
	tokens  float64 // requests that may be made now; below 0: fresh ones on credit
	updated time.Time
	last    time.Time     // when leave was given last
	short   bool          // somebody has to wait for a token
	grown   time.Duration // spent so since the last refusal
	until   time.Time     // paused by a refusal
	probeAt time.Time     // a single request may try before that; zero: none
	probe   time.Time     // when that was made
	row     bool          // no request was accepted since the last refusal
	began   time.Time     // when the row of refusals did
	before  float64       // rate before it
	told    float64       // rate that was last news
}

const (
	baseline  = 2000.0 / 60 // requests per second, to start with
	burst     = 1.0         // seconds' worth of requests may be made at once
	credit    = 16          // requests
	creditGap = 100 * time.Millisecond

	stepBack  = 0.03
	mostBack  = 0.9
	leastRate = 10.0 / 60 // requests per second
	// Single refusals may have other causes than a quota: they alone don't
	// lower the rate below this share of what Microsoft grants.
	leastShare = 1.0 / 40

	growth      = 0.0007    // share per minute, after a minute; it increases with the square
	fastest     = 0.5       // share per minute
	advantage   = 0.4       // exponent, of those who have less
	unrestraint = time.Hour // as good as never refused

	shortestPause = 1500 * time.Millisecond // without a Retry-After
	longestPause  = time.Minute

	// mostWait is how long a service may ask to wait, whatever it says, and
	// probeInterval is how often a single request tries meanwhile.
	mostWait      = 15 * time.Minute
	probeInterval = time.Minute
)

// NewBudget allows perMinute requests a minute at most.
func NewBudget(perMinute int) *Budget {
	most := float64(perMinute) / 60
	rate := min(most, baseline)
	return &Budget{most: most, rate: rate, told: most, tokens: max(1, rate*burst), grown: unrestraint}
}

// Take takes leave for one request at now, or tells how long to wait before
// asking again. Requests for fresh content are given leave on credit.
func (b *Budget) Take(now time.Time, fresh bool) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.until) {
		return b.paused(now)
	}
	b.refill(now)
	need := 1.0
	if fresh && b.tokens < need {
		if gap := now.Sub(b.last); gap < creditGap {
			return creditGap - gap, false // one by one, as they may meet a refusal
		}
		need -= credit
	}
	if b.tokens >= need {
		b.tokens--
		b.last = now
		return 0, true
	}
	b.short = true
	wait = time.Duration((need - b.tokens) / b.rate * float64(time.Second))
	return max(wait, time.Millisecond), false // never nothing, for want of a rounding
}

// paused gives leave to one request now and then.
func (b *Budget) paused(now time.Time) (wait time.Duration, ok bool) {
	if b.probeAt.IsZero() || !b.probeAt.Before(b.until) {
		return b.until.Sub(now), false
	}
	if now.Before(b.probeAt) {
		return b.probeAt.Sub(now), false
	}
	b.probe, b.probeAt = now, now.Add(probeInterval)
	return 0, true
}

func (b *Budget) refill(now time.Time) {
	passed := now.Sub(b.updated)
	if b.updated.IsZero() || passed < 0 {
		passed = 0
	}
	b.updated = now
	if b.short { // else a higher rate would be untried
		b.grow(passed)
	}
	b.short = false
	b.tokens = min(max(1, b.rate*burst), b.tokens+b.rate*passed.Seconds())
}

func (b *Budget) grow(passed time.Duration) {
	b.grown += passed
	minutes := b.grown.Minutes()
	share := min(fastest, growth*minutes*minutes*math.Pow(b.most/b.rate, advantage))
	b.rate = min(b.most, b.rate*(1+share*passed.Minutes()))
	if b.rate == b.most {
		b.told = b.most
	}
}

// Accepted says that the service took a request that was made at sent.
func (b *Budget) Accepted(sent time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if sent.Equal(b.probe) && sent.Before(b.until) {
		b.until, b.updated = sent, sent
	}
	if !sent.Before(b.until) {
		b.row = false
	}
}

// Refused says that the service refused a request made at sent, which is known
// at now, and asked to wait for retryAfter (zero: it did not say). It reports
// whether this is news: the rate is half of what it was when it last was news.
func (b *Budget) Refused(sent, now time.Time, retryAfter time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	retryAfter = min(retryAfter, mostWait)
	if sent.Before(b.until) { // under way when another was refused
		b.pause(now, now.Add(retryAfter))
		return false
	}
	least := leastRate
	if !b.row {
		b.row, b.began, b.before = true, now, b.rate
		least = max(least, min(b.rate, b.most*leastShare, baseline*leastShare))
	}
	lasted := now.Sub(b.began)
	b.rate = max(least, b.before*(1-min(mostBack, stepBack+lasted.Minutes())))
	if retryAfter <= 0 {
		retryAfter = min(max(shortestPause, lasted/4), longestPause)
	}
	b.pause(now, now.Add(retryAfter))
	b.tokens, b.grown, b.short = 1, 0, false
	if b.rate > b.told/2 {
		return false
	}
	b.told = b.rate
	return true
}

func (b *Budget) pause(now, until time.Time) {
	if !now.Before(b.until) { // none is under way
		b.probeAt = now.Add(probeInterval)
	}
	if until.After(b.until) {
		b.until, b.updated = until, until
	}
}

// PerMinute returns the present rate, in requests a minute.
func (b *Budget) PerMinute() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rate * 60
}

// Limit lowers the ceiling to perMinute requests a minute, if it is higher.
func (b *Budget) Limit(perMinute int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.most = min(b.most, float64(perMinute)/60)
	b.rate = min(b.rate, b.most)
}
