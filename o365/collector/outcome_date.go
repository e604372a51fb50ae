package collector

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// serviceTime is the service's time at now.
func (s *state) serviceTime(now time.Time) time.Time { return s.serviceClock.at(now) }

// observeDate acts on the date of an answer, zero if it had none.
func (s *state) observeDate(st *stream, date, now time.Time) {
	if date.IsZero() {
		s.noDate(now)
		return
	}
	before, known := s.serviceClock.at(now), s.serviceClock.known
	contradicted := s.serviceClock.contraryAnswers > 0
	switch found := s.serviceClock.observe(date, now); found {
	case dateImpossible:
		s.reportImpossibleDate(date, now)
		s.noDate(now)
		return
	case dateIgnored:
		s.recheckDate(st, now)
	case dateBelieved:
		by := s.serviceClock.at(now).Sub(before)
		if by < 0 || !known { // the clock was wrong; otherwise this machine slept
			s.noGapsBefore(now)
		}
		s.clockMoved(by, now)
	case dateAgrees:
		if contradicted {
			s.reportContradictedDate(now)
		}
		if st != nil {
			st.dateRechecks = 0
		}
	}
	if s.serviceClock.known {
		s.openStreams(now)
	}
	s.publishClock(now)
}

// noDate acts on an answer without a date that can be used: until another answer has
// one, this machine's clock is used.
func (s *state) noDate(now time.Time) {
	if s.serviceClock.contraryAnswers == 0 {
		s.openStreams(now)
	}
}

// mostDateRechecks is how often in a row recheckDate brings a poll forward: enough
// for the answers that have to agree.
const mostDateRechecks = agreeingAnswers

// recheckDate polls a stream early, after an answer whose date contradicts the
// service's clock, in order to have another date to compare.

func (s *state) recheckDate(st *stream, now time.Time) {
	if st == nil || st.dateRechecks >= mostDateRechecks {
		return
	}
	st.dateRechecks++
	st.nextPoll = earlier(st.nextPoll, now.Add(time.Second))
}

// clockMoved acts on a correction of the service's clock. by is positive if the time
// is later than was believed. Otherwise all that was completed or queued beyond the
// corrected time is withdrawn.
func (s *state) clockMoved(by time.Duration, now time.Time) {
	clock := wholeSecond(s.serviceTime(now))
	for _, st := range s.streams {
		st.nextPoll = now
		if by > 0 || !st.opened {
			continue
		}
		st.unlisted = source.Span{}
		if st.listedTo.After(clock) {
			st.listedTo = clock
		}
		if st.firstRun { // the lookback began at a wrong time
			st.since, st.nextRetentionSweep = wholeSecond(st.since.Add(by)), now
		}
		if st.since.After(clock) {
			st.since = wholeSecond(clock.Add(-s.lookback(st)))
		}
		if st.latestListing != nil && st.latestListing.span.To.After(clock) {
			st.latestListing.unproven, st.latestListing = true, nil
		}
		kept := st.backlogListings[:0]
		for _, l := range st.backlogListings {
			if l.span.To.After(clock) {
				l.unproven = true
				continue
			}
			kept = append(kept, l)
		}
		clear(st.backlogListings[len(kept):])
		st.backlogListings = kept
		for _, i := range st.items {
			for _, l := range i.listings {
				l.unproven = l.unproven || l.span.To.After(clock)
			}
		}
		s.ledger.Retract(st.id, clock)
	}
}

// noGapsBefore notes, after the clock was wrong, that what is too old to be listed now
// is in no gap: it may have been listed.
func (s *state) noGapsBefore(now time.Time) {
	for _, st := range s.streams {
		st.noGapBefore = st.earliestStart(s.serviceTime(now))
	}
}

// clockDistrusted acts on going back from a believed time to this machine's.
func (s *state) clockDistrusted(now time.Time) {
	s.noGapsBefore(now)
	s.clockMoved(0, now)
}

// openStreams sets up the streams by the service's time, once that is known, and
// reports what was lost while no collector ran.
func (s *state) openStreams(now time.Time) {
	clock := s.serviceTime(now)
	for _, st := range s.streams {
		if st.opened {
			continue
		}
		st.opened = true
		s.ledger.Retract(st.id, wholeSecond(clock))
		first := wholeSecond(clock.Add(-s.lookback(st)))
		st.since = s.ledger.Since(st.id, first)
		st.firstRun = st.since.Equal(first)
		if st.since.After(clock) { // it was set by a wrong clock
			st.since = wholeSecond(clock.Add(-s.lookback(st)))
		}
		st.noGapBefore = st.earliestStart(clock)
		s.reportMissedGaps(st, now)
		st.listedTo = st.since
		if earliest := st.earliestStart(clock); st.listedTo.Before(earliest) {
			st.listedTo = earliest
		}
		st.nextPoll, st.polledOnce = earlier(st.nextPoll, now), false
		st.latestListing, st.backlogListings = nil, nil // the first listings prove nothing
	}
}

// publishClock shows the clock's skew in the metrics, once it is known, and reports a
// large one.
func (s *state) publishClock(now time.Time) {
	if s.serviceClock.known {
		s.cfg.Metrics.Clock.Set(s.serviceClock.believed)
	}
	s.reportSkew(s.serviceClock.skew(now))
}
