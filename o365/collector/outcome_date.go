package collector

import (
	"time"
)

// serviceTime is the service's time at now.
func (s *state) serviceTime(now time.Time) time.Time { return s.serviceClock.at(now) }

// observeDate takes the date of an answer; zero: it has none.
func (s *state) observeDate(st *stream, date, now time.Time) {
	if date.IsZero() {
		s.noDate(now)
		return
	}
	before := s.serviceClock.at(now)
	disputed := s.serviceClock.contradictions > 0
	switch found := s.serviceClock.observe(date, now); found {
	case dateImpossible:
		s.reportImpossibleDate(date, now)
		s.noDate(now)
		return
	case dateIgnored:
		s.recheckDate(st, now)
	case dateBelieved:
		s.clockMoved(s.serviceClock.at(now).Sub(before), now)
	case dateAgrees:
		if disputed {
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

// noDate goes on by this machine's clock when the service does not
// say what time it is.
func (s *state) noDate(now time.Time) {
	if s.serviceClock.contradictions == 0 {
		s.openStreams(now)
	}
}

// mostDateRechecks is how often in a row a stream is listed again at once because the
// date of an answer contradicts what is believed.
const mostDateRechecks = agreeingAnswers

func (s *state) recheckDate(st *stream, now time.Time) {
	if st == nil || st.dateRechecks >= mostDateRechecks {
		return
	}
	st.dateRechecks++
	st.pollAt = earlier(st.pollAt, now.Add(time.Second))
}

// clockMoved follows up that the service's time is another than was believed, so
// much later. What was claimed beyond it is taken back.
func (s *state) clockMoved(by time.Duration, now time.Time) {
	clock := wholeSecond(s.serviceTime(now))
	for _, st := range s.streams {
		st.pollAt = now
		if by > 0 || !st.opened {
			continue
		}
		if st.listedTo.After(clock) {
			st.listedTo = clock
		}
		if st.firstRun { // it looked back from a time that was wrong
			st.since, st.retentionSweepAt = wholeSecond(st.since.Add(by)), now
		}
		if st.since.After(clock) {
			st.since = wholeSecond(clock.Add(-s.lookback(st)))
		}
		if st.latest != nil && st.latest.span.To.After(clock) {
			st.latest.unproven, st.latest = true, nil
		}
		kept := st.backlog[:0]
		for _, l := range st.backlog {
			if l.span.To.After(clock) {
				l.unproven = true
				continue
			}
			kept = append(kept, l)
		}
		clear(st.backlog[len(kept):])
		st.backlog = kept
		for _, i := range st.items {
			for _, l := range i.listings {
				l.unproven = l.unproven || l.span.To.After(clock)
			}
		}
		s.ledger.Retract(st.id, clock)
	}
}

// openStreams sets the streams up by the service's time, once that is known, and
// reports what was lost while nobody collected.
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
		if st.since.After(clock) { // by a clock that was wrong
			st.since = wholeSecond(clock.Add(-s.lookback(st)))
		}
		s.reportMissedGaps(st, now)
		st.listedTo = st.since
		if edge := st.earliestStart(clock); st.listedTo.Before(edge) {
			st.listedTo = edge
		}
		st.pollAt, st.polled = earlier(st.pollAt, now), false
		st.latest, st.backlog = nil, nil // the first listings, which are void
	}
}

// publishClock shows how far this machine's clock is off.
func (s *state) publishClock(now time.Time) {
	s.cfg.Metrics.Clock.Set(s.serviceClock.believed)
	s.reportSkew(s.serviceClock.skew(now))
}
