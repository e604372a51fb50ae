package collector

import (
	"hash/fnv"
	"io"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// How often content that was listed late is looked for, and how far back. The
// newest content is looked for at every poll.
const (
	leastPollSpan          = time.Hour
	daySweepInterval       = 30 * time.Minute
	retentionSweepInterval = 6 * time.Hour
	daySweepSpan           = 24 * time.Hour
)

// sweep queues the listings of a stream that are due at now.
func (s *state) sweep(st *stream, now time.Time) {
	if now.Before(st.pollAt) || !st.subscribed {
		return
	}
	st.pollAt = now.Add(s.pollDelay())
	if !st.polled {
		st.polled = true
		st.pollAt = now.Add(firstPollDelay(st.id, s.cfg.PollInterval))
	}
	if st.latest != nil {
		return // the last poll's listing is still under way
	}
	s.reportEvictedGaps(st, now)
	clock := s.serviceTime(now)
	from := earlier(clock.Add(-s.pollSpan(st)), st.listedTo.Add(-leastPollSpan))
	switch {
	case !now.Before(st.retentionSweepAt) && len(st.backlog) == 0:
		from = earlier(from, clock.Add(-st.limits.Retention))
		st.retentionSweepAt, st.daySweepAt = now.Add(retentionSweepInterval), now.Add(daySweepInterval)
	case !now.Before(st.daySweepAt):
		from = earlier(from, clock.Add(-daySweepSpan))
		st.daySweepAt = now.Add(daySweepInterval)
	}
	if from.Before(st.since) {
		from = st.since
	}
	if edge := st.earliestStart(clock); from.Before(edge) {
		from = edge
	}
	if end := wholeSecond(clock); !from.Before(end) {
		from = end.Add(-time.Second) // something is listed at each poll
	}
	last := s.pollSpan(st)
	if length := clock.Sub(from); length < 2*last {
		last = length // one request, not two
	}
	spans := splitSpan(from, clock, last, st.longestSpan())
	older := make([]*listing, 0, 1+len(spans)+len(st.backlog))
	if s.serviceClock.far(now) {
		older = append(older, s.byLocalClock(st, now))
	}
	for _, span := range spans[:len(spans)-1] {
		l := st.newListing(span)
		l.unproven = !st.opened // it is by this machine's clock
		older = append(older, l)
	}
	// Before a long backfill, or the last day would not be looked at again
	// until that is over.
	st.backlog = append(older, st.backlog...)
	st.latest = st.newListing(spans[len(spans)-1])
	st.latest.latest, st.latest.unproven = true, !st.opened
}

// byLocalClock is a listing of the newest content by this machine's clock, for when
// the service's dates are wrong and not that. It proves nothing.
func (s *state) byLocalClock(st *stream, now time.Time) *listing {
	to := wholeSecond(now)
	l := st.newListing(source.Span{From: to.Add(-s.pollSpan(st)), To: to})
	l.unproven = true
	return l
}

// pollSpan is how far back each poll looks.
func (s *state) pollSpan(st *stream) time.Duration {
	return min(max(leastPollSpan, 2*s.cfg.PollInterval), st.longestSpan())
}

// pollDelay is the time to the next poll: a little less than the interval, by
// chance, or a poll at the end of every minute, when a quota is used up, would
// always be the one that is refused, and its process come off badly.
func (s *state) pollDelay() time.Duration {
	return s.cfg.PollInterval - time.Duration(s.random()*float64(s.cfg.PollInterval)/100)
}

// firstPollDelay is the time from a stream's first poll to its second: streams are begun
// together, and would else be polled together ever after.
func firstPollDelay(id source.Stream, interval time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = io.WriteString(h, id.Tenant+id.ContentType)
	return interval * time.Duration(1+h.Sum32()%1000) / 1000
}
