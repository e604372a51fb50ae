package collector

import (
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Since when a stream is collected, by the ledger and as the clock is corrected.
func TestSinceWhenIsCollected(t *testing.T) {
	const day = 24 * time.Hour
	for name, test := range map[string]struct {
		known time.Duration // what the ledger has, from now; 0: nothing
		moved time.Duration // the clock
		want  time.Duration // from now
	}{
		"first run":                 {0, 0, -7 * day},
		"first run, clock later":    {0, time.Hour, -7 * day},
		"first run, clock earlier":  {0, -3 * day, -10 * day},
		"a later run":               {-30 * day, 0, -30 * day},
		"a later run, earlier":      {-30 * day, -3 * day, -30 * day},
		"by a wrong clock":          {2 * day, 0, -7 * day},
		"a later run, much earlier": {-day, -3 * day, -10 * day},
	} {
		t.Run(name, func(t *testing.T) {
			s, st, _, now := steadyState(t)
			now = wholeSecond(now)
			b := newLedgerModel()
			s.ledger, s.serviceClock, st.opened = b, newServiceClock(now), false
			s.cfg.Lookback = 7 * day
			if test.known != 0 {
				b.since[st.id] = now.Add(test.known)
			}
			s.openStreams(now)
			if test.moved != 0 {
				s.serviceClock.believed = metrics.Moment{Local: now, Service: now.Add(test.moved)}
				s.clockMoved(test.moved, now)
			}
			if got := st.since.Sub(now); got != test.want {
				t.Errorf("since %v from now", got)
			}
		})
	}
}

// Dates that contradict bring a few polls forward, not all of them.
func TestDateRechecks(t *testing.T) {
	s, st, _, now := steadyState(t)
	early := 0
	for range 10 {
		st.nextPoll = now.Add(time.Minute)
		if s.recheckDate(st, now); st.nextPoll.Before(now.Add(time.Minute)) {
			early++
		}
	}
	if early != mostDateRechecks {
		t.Errorf("%d polls", early)
	}
}

// An answer without a date opens the streams, unless others contradict this clock.
func TestAnswersWithoutDate(t *testing.T) {
	for _, contrary := range []int{0, 1} {
		s, st, _, now := steadyState(t)
		st.opened, s.serviceClock.contraryAnswers = false, contrary
		if s.noDate(now); st.opened != (contrary == 0) {
			t.Errorf("with %d answers against it: opened %t", contrary, st.opened)
		}
	}
}

// Before the service's time is known, listings prove nothing; content is listed by both
// clocks while they are far apart.
func TestListingsOfAnUncertainClock(t *testing.T) {
	s, st, _, now := steadyState(t)
	st.backlogListings, st.opened, st.nextPoll = nil, false, now
	st.since, st.listedTo = now.Add(-30*time.Hour), now.Add(-30*time.Hour)
	s.serviceClock.believed = metrics.Moment{Local: now, Service: now.UTC().Add(2 * farSkew)}
	s.sweep(st, now)
	local := source.Span{From: wholeSecond(now).Add(-leastPollSpan), To: wholeSecond(now)}
	if len(st.backlogListings) < 2 || st.backlogListings[0].span != local {
		t.Fatalf("not listed by this machine's clock: %+v", st.backlogListings)
	}
	for _, l := range append(st.backlogListings, st.latestListing) {
		if !l.unproven {
			t.Errorf("%v proves something", l.span)
		}
	}
}
