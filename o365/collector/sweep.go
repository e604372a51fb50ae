package collector

import (
	"hash/fnv"
	"io"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// How far back each sweep lists, and how often. Content may be listed late.
const (
	// Every Config.PollInterval: this span, or two intervals if that is more.
	leastPollSpan = time.Hour

	daySweepSpan     = 24 * time.Hour
	daySweepInterval = 30 * time.Minute

	// All of the source's Limits.Retention.
	retentionSweepInterval = 6 * time.Hour
)

// sweep queues the listings of a stream that are due at now. A day's or retention's
// sweep is part of a poll.
func (s *state) sweep(st *stream, now time.Time) {
	if now.Before(st.nextPoll) || !st.subscribed {
		return
	}
	st.nextPoll = now.Add(s.pollDelay())
	if !st.polledOnce {
		st.polledOnce = true
		st.nextPoll = now.Add(secondPollDelay(st.id, s.cfg.PollInterval))
	}
	if st.latestListing != nil {
		return // that of the last poll is still being read
	}
	s.reportEvictedGaps(st, now)
	clock := s.serviceTime(now)
	from := earlier(clock.Add(-s.pollSpan(st)), st.listedTo.Add(-leastPollSpan))
	switch {
	case !now.Before(st.nextRetentionSweep) && len(st.backlogListings) == 0:
		from = earlier(from, clock.Add(-st.limits.Retention))
		st.nextRetentionSweep, st.nextDaySweep = now.Add(retentionSweepInterval), now.Add(daySweepInterval)
	case !now.Before(st.nextDaySweep):
		from = earlier(from, clock.Add(-daySweepSpan))
		st.nextDaySweep = now.Add(daySweepInterval)
	}
	if from.Before(st.since) {
		from = st.since
	}
	if earliest := st.earliestStart(clock); from.Before(earliest) {
		from = earliest
		if st.opened && !st.listedToUncertain && !s.serviceClock.far(now) { // else the next start reports it
			s.reportUnlistedGap(st, source.Span{From: st.listedTo, To: earliest}, now)
		}
	}
	if end := wholeSecond(clock); !from.Before(end) {
		from = end.Add(-time.Second) // each poll lists something
	}
	last := s.pollSpan(st)
	if length := clock.Sub(from); length < 2*last {
		last = length // one request instead of two
	}
	spans := splitSpan(from, clock, last, st.longestSpan())
	backlog := make([]*listing, 0, 1+len(spans)+len(st.backlogListings))
	if s.serviceClock.far(now) {
		backlog = append(backlog, s.byLocalClock(st, now))
	}
	for _, span := range spans[:len(spans)-1] {
		l := st.newListing(span)
		l.unproven = !st.opened // its span is by this machine's clock
		backlog = append(backlog, l)
	}
	// They go before a long backfill, which would delay day sweeps until its end.
	st.backlogListings = append(backlog, st.backlogListings...)
	st.latestListing = st.newListing(spans[len(spans)-1])
	st.latestListing.latest, st.latestListing.unproven = true, !st.opened
}

// byLocalClock is a listing of the newest content by this machine's clock, in case the
// service's dates are wrong and not that clock.
func (s *state) byLocalClock(st *stream, now time.Time) *listing {
	to := wholeSecond(now)
	l := st.newListing(source.Span{From: to.Add(-s.pollSpan(st)), To: to})
	l.unproven = true
	return l
}

// pollSpan is how far back each poll lists.
func (s *state) pollSpan(st *stream) time.Duration {
	return min(max(leastPollSpan, 2*s.cfg.PollInterval), st.longestSpan())
}

// pollDelay is the time to the next poll: the interval, less a random part of up to
// 1 %. Otherwise a process that polls at the end of every minute, when a quota is used
// up, would always be the one that is refused.
func (s *state) pollDelay() time.Duration {
	return s.cfg.PollInterval - time.Duration(s.random()*float64(s.cfg.PollInterval)/100)
}

// secondPollDelay is the time from a stream's first poll to its second: a part of the
// interval that depends on the stream, since streams begin together and would
// otherwise always be polled together.
func secondPollDelay(id source.Stream, interval time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = io.WriteString(h, id.Tenant+id.ContentType)
	return interval * time.Duration(1+h.Sum32()%1000) / 1000
}
