package collector

import (
	"fmt"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
)

// clock is the service's time at now.
func (s *state) clock(now time.Time) time.Time { return s.service.at(now) }

// dated takes the date of an answer; zero: it has none.
func (s *state) dated(st *stream, date, now time.Time) {
	if date.IsZero() {
		s.answeredWithoutDate(now)
		return
	}
	before := s.service.at(now)
	disputed := s.service.answers > 0
	switch found := s.service.observe(date, now); found {
	case dateImpossible:
		s.reportImpossible(date, now)
		s.answeredWithoutDate(now)
		return
	case dateIgnored:
		s.askAgain(st, now)
	case dateBelieved:
		s.clockMoved(s.service.at(now).Sub(before), now)
	case dateAgrees:
		if disputed {
			s.reportDisputed(now)
		}
		if st != nil {
			st.rechecks = 0
		}
	}
	if s.service.known {
		s.openStreams(now)
	}
	s.showClock(now)
}

// answeredWithoutDate goes on by this machine's clock when the service does not
// say what time it is.
func (s *state) answeredWithoutDate(now time.Time) {
	if s.service.answers == 0 {
		s.openStreams(now)
	}
}

// mostRechecks is how often in a row a stream is listed again at once because the
// date of an answer contradicts what is believed.
const mostRechecks = agreeing

func (s *state) askAgain(st *stream, now time.Time) {
	if st == nil || st.rechecks >= mostRechecks {
		return
	}
	st.rechecks++
	st.pollAt = earlier(st.pollAt, now.Add(time.Second))
}

// clockMoved follows up that the service's time is another than was believed, so
// much later. What was claimed beyond it is taken back.
func (s *state) clockMoved(by time.Duration, now time.Time) {
	clock := second(s.clock(now))
	for _, st := range s.streams {
		st.pollAt = now
		if by > 0 || !st.opened {
			continue
		}
		if st.listedTo.After(clock) {
			st.listedTo = clock
		}
		if st.firstRun { // it looked back from a time that was wrong
			st.since, st.weekAt = second(st.since.Add(by)), now
		}
		if st.since.After(clock) {
			st.since = second(clock.Add(-s.lookback(st)))
		}
		if st.fresh != nil && st.fresh.span.To.After(clock) {
			st.fresh.void, st.fresh = true, nil
		}
		kept := st.backlog[:0]
		for _, l := range st.backlog {
			if l.span.To.After(clock) {
				l.void = true
				continue
			}
			kept = append(kept, l)
		}
		clear(st.backlog[len(kept):])
		st.backlog = kept
		for _, i := range st.items {
			for _, l := range i.listings {
				l.void = l.void || l.span.To.After(clock)
			}
		}
		s.ledger.Retract(st.id, clock)
	}
}

// openStreams sets the streams up by the service's time, once that is known, and
// reports what was lost while nobody collected.
func (s *state) openStreams(now time.Time) {
	clock := s.clock(now)
	for _, st := range s.streams {
		if st.opened {
			continue
		}
		st.opened = true
		s.ledger.Retract(st.id, second(clock))
		first := second(clock.Add(-s.lookback(st)))
		st.since = s.ledger.Since(st.id, first)
		st.firstRun = st.since.Equal(first)
		if st.since.After(clock) { // by a clock that was wrong
			st.since = second(clock.Add(-s.lookback(st)))
		}
		s.missed(st, now)
		st.listedTo = st.since
		if edge := st.oldest(clock); st.listedTo.Before(edge) {
			st.listedTo = edge
		}
		st.pollAt, st.polled = earlier(st.pollAt, now), false
		st.fresh, st.backlog = nil, nil // the first listings, which are void
	}
}

// showClock shows how far this machine's clock is off.
func (s *state) showClock(now time.Time) {
	s.cfg.Metrics.Clock.Set(s.service.believed)
	s.reportSkew(s.service.skew(now))
}

// maxSilentSkew is how far the clocks may differ without a report.
const maxSilentSkew = 5 * time.Minute

func (s *state) reportSkew(skew time.Duration) {
	if skew.Abs() < maxSilentSkew {
		s.skewReported = 0
		s.monitor.Clear(s.tenant(), health.Clock)
		return
	}
	if (skew - s.skewReported).Abs() < time.Minute {
		return // it is in every answer
	}
	s.skewReported = skew
	direction := "behind"
	if skew < 0 {
		direction = "ahead of"
	}
	s.monitor.Set(s.tenant(), health.Clock, health.Degraded, health.Cause{
		What:   "the clock of this machine is " + direction + " Microsoft's",
		Do:     `set it, for example with "timedatectl set-ntp true"; Microsoft's time is used for listing meanwhile`,
		Detail: "by " + skew.Abs().Round(10*time.Second).String(),
	})
}

// reportImpossible reports answers with a date that no clock can have: all of
// them as a condition, single ones now and then.
func (s *state) reportImpossible(date, now time.Time) {
	if s.service.unlikely >= agreeing {
		s.skewReported = 0
		s.monitor.Set(s.tenant(), health.Clock, health.Degraded, health.Cause{
			What:   "the service's answers have an impossible date",
			Do:     "look for a proxy on the way that changes it; this machine's clock is used for listing meanwhile, so make sure that it is right",
			Detail: date.UTC().Format(time.RFC3339),
		})
		return
	}
	s.warnOfDate(now, fmt.Sprintf("an answer of the service has an impossible date (%s) and is not believed", date.UTC().Format(time.RFC3339)))
}

// reportDisputed reports that single answers had another date than all others.
func (s *state) reportDisputed(now time.Time) {
	s.warnOfDate(now, "an answer of the service had a date that the others contradict and was not believed")
}

func (s *state) warnOfDate(now time.Time, text string) {
	if !s.dateWarned.IsZero() && now.Sub(s.dateWarned) < time.Hour {
		return
	}
	s.dateWarned = now
	s.log.Warnf("%s: %s; if it comes again and again, look for a proxy on the way that changes dates", s.cfg.Tenant, text)
}
