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
	mu            sync.Mutex
	ceiling       float64 // requests per second; the ceiling
	rate          float64 // requests per second
	tokens        float64 // requests that may be made now; below 0: fresh ones on credit
	updated       time.Time
	lastTaken     time.Time     // when leave was given last
	waiting       bool          // somebody has to wait for a token
	growthTime    time.Duration // spent so since the last refusal
	pausedUntil   time.Time     // paused by a refusal
	nextProbe     time.Time     // a single request may try before that; zero: none
	probedAt      time.Time     // when that was made
	refusing      bool          // no request was accepted since the last refusal
	refusingSince time.Time     // when the row of refusals did
	rateBefore    float64       // rate before it
	reportedRate  float64       // rate that was last news
}

const (
	startRate      = 2000.0 / 60 // requests per second, to start with
	burstSeconds   = 1.0         // seconds' worth of requests may be made at once
	creditRequests = 16          // requests
	creditPause    = 100 * time.Millisecond

	stepBackShare     = 0.03
	mostStepBackShare = 0.9
	leastRate         = 10.0 / 60 // requests per second
	// Single refusals may have other causes than a quota: they alone don't
	// lower the rate below this share of what Microsoft grants.
	leastRateShare = 1.0 / 40

	growthShare         = 0.0007    // share per minute, after a minute; it increases with the square
	mostGrowthShare     = 0.5       // share per minute
	smallerRateExponent = 0.4       // exponent, of those who have less
	startGrowthTime     = time.Hour // as good as never refused

	shortestRefusalPause = 1500 * time.Millisecond // without a Retry-After
	longestRefusalPause  = time.Minute

	// mostWait is how long a service may ask to wait, whatever it says, and
	// probeInterval is how often a single request tries meanwhile.
	longestServiceWait = 15 * time.Minute
	probeInterval      = time.Minute
)

// NewBudget allows perMinute requests a minute at most.
func NewBudget(perMinute int) *Budget {
	most := float64(perMinute) / 60
	rate := min(most, startRate)
	return &Budget{ceiling: most, rate: rate, reportedRate: most, tokens: max(1, rate*burstSeconds), growthTime: startGrowthTime}
}

// Take takes leave for one request at now, or tells how long to wait before
// asking again. Requests for fresh content are given leave on credit.
func (b *Budget) Take(now time.Time, fresh bool) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.pausedUntil) {
		return b.paused(now)
	}
	b.refill(now)
	need := 1.0
	if fresh && b.tokens < need {
		if gap := now.Sub(b.lastTaken); gap < creditPause {
			return creditPause - gap, false // one by one, as they may meet a refusal
		}
		need -= creditRequests
	}
	if b.tokens >= need {
		b.tokens--
		b.lastTaken = now
		return 0, true
	}
	b.waiting = true
	wait = time.Duration((need - b.tokens) / b.rate * float64(time.Second))
	return max(wait, time.Millisecond), false // never nothing, for want of a rounding
}

// paused gives leave to one request now and then.
func (b *Budget) paused(now time.Time) (wait time.Duration, ok bool) {
	if b.nextProbe.IsZero() || !b.nextProbe.Before(b.pausedUntil) {
		return b.pausedUntil.Sub(now), false
	}
	if now.Before(b.nextProbe) {
		return b.nextProbe.Sub(now), false
	}
	b.probedAt, b.nextProbe = now, now.Add(probeInterval)
	return 0, true
}

func (b *Budget) refill(now time.Time) {
	passed := now.Sub(b.updated)
	if b.updated.IsZero() || passed < 0 {
		passed = 0
	}
	b.updated = now
	if b.waiting { // else a higher rate would be untried
		b.grow(passed)
	}
	b.waiting = false
	b.tokens = min(max(1, b.rate*burstSeconds), b.tokens+b.rate*passed.Seconds())
}

func (b *Budget) grow(passed time.Duration) {
	b.growthTime += passed
	minutes := b.growthTime.Minutes()
	share := min(mostGrowthShare, growthShare*minutes*minutes*math.Pow(b.ceiling/b.rate, smallerRateExponent))
	b.rate = min(b.ceiling, b.rate*(1+share*passed.Minutes()))
	if b.rate == b.ceiling {
		b.reportedRate = b.ceiling
	}
}

// Accepted says that the service took a request that was made at sent.
func (b *Budget) Accepted(sent time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if sent.Equal(b.probedAt) && sent.Before(b.pausedUntil) {
		b.pausedUntil, b.updated = sent, sent
	}
	if !sent.Before(b.pausedUntil) {
		b.refusing = false
	}
}

// Refused says that the service refused a request made at sent, which is known
// at now, and asked to wait for retryAfter (zero: it did not say). It reports
// whether this is news: the rate is half of what it was when it last was news.
func (b *Budget) Refused(sent, now time.Time, retryAfter time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	retryAfter = min(retryAfter, longestServiceWait)
	if sent.Before(b.pausedUntil) { // under way when another was refused
		b.pause(now, now.Add(retryAfter))
		return false
	}
	least := leastRate
	if !b.refusing {
		b.refusing, b.refusingSince, b.rateBefore = true, now, b.rate
		least = max(least, min(b.rate, b.ceiling*leastRateShare, startRate*leastRateShare))
	}
	lasted := now.Sub(b.refusingSince)
	b.rate = max(least, b.rateBefore*(1-min(mostStepBackShare, stepBackShare+lasted.Minutes())))
	if retryAfter <= 0 {
		retryAfter = min(max(shortestRefusalPause, lasted/4), longestRefusalPause)
	}
	b.pause(now, now.Add(retryAfter))
	b.tokens, b.growthTime, b.waiting = 1, 0, false
	if b.rate > b.reportedRate/2 {
		return false
	}
	b.reportedRate = b.rate
	return true
}

func (b *Budget) pause(now, until time.Time) {
	if !now.Before(b.pausedUntil) { // none is under way
		b.nextProbe = now.Add(probeInterval)
	}
	if until.After(b.pausedUntil) {
		b.pausedUntil, b.updated = until, until
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
	b.ceiling = min(b.ceiling, float64(perMinute)/60)
	b.rate = min(b.rate, b.ceiling)
}
