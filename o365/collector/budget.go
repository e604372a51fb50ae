package collector

import (
	"math"
	"sync"
	"time"
)

// Budget limits the rate of requests to one tenant. All inputs of the process
// that collect from the tenant share it. It is safe for concurrent use.
//
// Microsoft grants 2,000 requests a minute to a tenant and more to some
// (Management Activity API reference, "API throttling"), but publishes neither a
// tenant's quota nor who else uses it. A Budget adapts to it. Until the first
// refusal (AF429) the rate is doubled every few seconds, if the ceiling allows more than
// those 2,000: then what was accepted by that time, within a minute, is about the quota,
// or what others left of it. A quarter less is where it goes on, so that those others,
// whom the refusals reduce more, have their share soon. Any further refusal causes a pause
// and a step back: by 3 %, and by the share of a minute that refusals have lasted
// without an accepted request in between, since a rate that used up a minute's
// quota 20 s early was too high by a third. So a single refusal, which means that
// the rate has reached the quota, costs little, and a row of them, which means
// that others use the quota too or that it has become smaller, costs much. After a
// step back the rate grows with the cube of the time: it stays just below the
// quota for minutes and still finds a quota ten times as large in a quarter of an
// hour. A smaller rate grows faster, while a refusal reduces all alike, so
// processes that share a quota converge to equal shares. TestBudgetUsesTheQuota
// measures all this.
//
// Urgent requests go ahead of a backfill on credit, which the backfill then pays
// back by waiting.
type Budget struct {
	mu            sync.Mutex
	ceiling       float64       // requests per second, at most
	rate          float64       // requests per second
	tokens        float64       // requests that may be made now; below 0: urgent ones were made on credit
	updated       time.Time     // when tokens was computed
	lastTaken     time.Time     // when the last request was granted
	waiting       bool          // a request has to wait for a token
	growthTime    time.Duration // spent waiting for tokens since the last refusal
	pausedUntil   time.Time     // because of a refusal
	nextProbe     time.Time     // when a single request may be made before pausedUntil; zero: never
	probedAt      time.Time     // when the last one was made
	refusing      bool          // no request was accepted since the last refusal
	refusingSince time.Time     // when the row of refusals began
	rateBefore    float64       // rate before that row
	reportedRate  float64       // the last rate that Refused reported

	starting  bool      // nothing was refused yet, nor the ceiling reached
	startedAt time.Time // when the first request was granted
	accepted  int       // requests while starting
	proven    float64   // requests per second that the start has shown; 0 after the refusals that ended it
}

const (
	startRate      = 2000.0 / 60 // requests per second, to start with
	burstSeconds   = 1.0         // so many seconds' worth of requests may be made at once
	creditRequests = 16
	creditPause    = 100 * time.Millisecond // between two requests on credit

	stepBackShare      = 0.03
	mostStepBackShare  = 0.9
	startStepBackShare = 0.25
	leastRate          = 10.0 / 60 // requests per second
	// Single refusals may have other causes than a quota: they do not reduce the
	// rate below this share of startRate.
	leastRateShare = 1.0 / 40

	growthShare         = 0.0007                  // share per minute, after a minute; it increases with the square
	mostGrowthShare     = 0.5                     // share per minute
	smallerRateExponent = 0.4                     // of ceiling/rate, by which smaller rates grow faster
	startDoubling       = 3500 * time.Millisecond // spent waiting for tokens

	shortestRefusalPause = 1500 * time.Millisecond // without a Retry-After
	longestRefusalPause  = time.Minute

	// A Retry-After is obeyed up to longestServiceWait; meanwhile a single request
	// is made every probeInterval.
	longestServiceWait = 15 * time.Minute
	probeInterval      = time.Minute
)

// NewBudget returns a budget of at most perMinute requests a minute. It begins at
// 2,000 a minute, or at perMinute if that is less.
func NewBudget(perMinute int) *Budget {
	most := float64(perMinute) / 60
	rate := min(most, startRate)
	return &Budget{ceiling: most, rate: rate, reportedRate: most, tokens: max(1, rate*burstSeconds), starting: rate < most}
}

// Take grants one request at now, or returns how long to wait before the next
// call. Urgent requests are granted on credit.
func (b *Budget) Take(now time.Time, urgent bool) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.pausedUntil) {
		return b.probe(now)
	}
	b.refill(now)
	need := 1.0
	if urgent && b.tokens < need {
		if gap := now.Sub(b.lastTaken); gap < creditPause {
			return creditPause - gap, false // one by one, since they may be refused
		}
		need -= creditRequests
	}
	if b.tokens >= need {
		if b.startedAt.IsZero() {
			b.startedAt = now
		}
		b.tokens--
		b.lastTaken = now
		return 0, true
	}
	b.waiting = true
	wait = time.Duration((need - b.tokens) / b.rate * float64(time.Second))
	return max(wait, time.Millisecond), false // rounding must not make it zero
}

// probe grants a single request every probeInterval.
func (b *Budget) probe(now time.Time) (wait time.Duration, ok bool) {
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
	if b.waiting { // otherwise the present rate is not used up, and a higher one would prove nothing
		b.grow(passed)
	}
	b.waiting = false
	b.tokens = min(max(1, b.rate*burstSeconds), b.tokens+b.rate*passed.Seconds())
}

func (b *Budget) grow(passed time.Duration) {
	if b.starting {
		passed = min(passed, time.Second) // what waited may have given up long ago
		b.rate = min(b.ceiling, b.rate*math.Exp2(float64(passed)/float64(startDoubling)))
		b.starting = b.rate < b.ceiling
		return
	}
	b.growthTime += passed
	minutes := b.growthTime.Minutes()
	share := min(mostGrowthShare, growthShare*minutes*minutes*math.Pow(b.ceiling/b.rate, smallerRateExponent))
	b.rate = min(b.ceiling, b.rate*(1+share*passed.Minutes()))
	if b.rate == b.ceiling {
		b.reportedRate = b.ceiling
	}
}

// Accepted records that the service accepted a request made at sent. The request
// of a probe ends the pause.
func (b *Budget) Accepted(sent time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if sent.Equal(b.probedAt) && sent.Before(b.pausedUntil) {
		b.pausedUntil, b.updated = sent, sent
	}
	if !sent.Before(b.pausedUntil) {
		b.refusing = false
	}
	if b.starting {
		b.accepted++
	}
}

// Refused records that the service throttled a request made at sent. The answer
// came at now and asked to wait for retryAfter; zero: it had no Retry-After.
// Refused reports whether the rate has fallen to half of the one it last reported.
func (b *Budget) Refused(sent, now time.Time, retryAfter time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	retryAfter = min(retryAfter, longestServiceWait)
	if sent.Before(b.pausedUntil) { // it was under way when another was refused
		b.pause(now, now.Add(retryAfter))
		return false
	}
	least := leastRate
	if !b.refusing {
		b.endStart(now)
		b.refusing, b.refusingSince, b.rateBefore = true, now, b.rate
		least = max(least, min(b.rate, b.ceiling*leastRateShare, startRate*leastRateShare))
	}
	lasted := now.Sub(b.refusingSince)
	if lasted > time.Minute { // that minute's quota is not what is missing
		b.proven = 0
	}
	b.rate = max(least, b.proven*(1-startStepBackShare), b.rateBefore*(1-min(mostStepBackShare, stepBackShare+lasted.Minutes())))
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

// endStart is called at the beginning of a row of refusals. The first one ends the start.
func (b *Budget) endStart(now time.Time) {
	b.proven = 0
	if b.starting {
		b.starting = false
		b.proven = float64(b.accepted) / max(60, now.Sub(b.startedAt).Seconds())
		b.rate = min(b.rate, max(startRate, b.proven))
	}
}

// pause makes no request until a moment, except for probes.
func (b *Budget) pause(now, until time.Time) {
	if !now.Before(b.pausedUntil) { // it is a new pause
		b.nextProbe = now.Add(probeInterval)
	}
	if until.After(b.pausedUntil) {
		b.pausedUntil, b.updated = until, until
	}
}

// PerMinute returns the present rate in requests a minute.
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
	b.starting = b.starting && b.rate < b.ceiling
}
