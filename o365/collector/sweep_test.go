package collector

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

func TestLateItemsAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newService(t), newLedgerModel()
		stop := collect(s, b, new(logLines), nil)
		time.Sleep(time.Hour)
		start := time.Now()
		delays := map[string]time.Duration{
			s.add(activity.Exchange, start.Add(-time.Second), 25*time.Second): 2 * time.Minute,
			s.add(activity.Exchange, start.Add(-time.Second), 50*time.Minute): 2 * time.Minute,
			s.add(activity.Exchange, start.Add(-time.Second), 20*time.Hour):   daySweepInterval + 2*time.Minute,
			s.add(activity.Exchange, start.Add(-time.Second), 100*time.Hour):  retentionSweepInterval + daySweepInterval,
		}
		time.Sleep(6 * 24 * time.Hour)
		stop()
		b.check(t, s)
		for _, item := range s.items {
			if late := b.delivered[item.ID].Sub(item.listed); late > delays[item.ID] {
				t.Errorf("item %s was delivered %s after it was listed, want at most %s", item.ID, late, delays[item.ID])
			}
		}
	})
}

func TestLookback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newService(t), newLedgerModel()
		old := s.add(activity.Exchange, time.Now().Add(-2*time.Hour), 0)
		lookback := func(c *Config) { c.Lookback = time.Hour }
		wanted := s.add(activity.Exchange, time.Now().Add(-30*time.Minute), 0)
		stop := collect(s, b, new(logLines), lookback)
		time.Sleep(24 * time.Hour) // sweeps must not go further back either
		stop()
		time.Sleep(3 * 24 * time.Hour) // but a restart goes on where it stopped
		wanted2 := s.add(activity.Exchange, time.Now().Add(-2*24*time.Hour), 0)
		stop = collect(s, b, new(logLines), lookback)
		time.Sleep(time.Hour)
		stop()
		for id, want := range map[string]bool{old: false, wanted: true, wanted2: true} {
			if _, got := b.delivered[id]; got != want {
				t.Errorf("item %s delivered: %v, want %v", id, got, want)
			}
		}
	})
}

// A poll is one request for each content type, which leaves the budget to
// downloads.
func TestPollsAreCheap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newService(t), newLedgerModel()
		stop := collect(s, b, new(logLines), nil)
		time.Sleep(29*time.Minute + 30*time.Second)
		stop()
		if n := s.requests[source.OpList]; n > 2*(29+1+8) { // 1 is to spread polls, 8 for the last 7 days, once
			t.Errorf("%d listings in 29 polls of two content types", n)
		}
	})
}

// Streams that begin together are polled apart from then on.
func TestPollsSpread(t *testing.T) {
	const tenants = 50
	var now time.Time
	var s *state
	inSecond := map[int]int{}
	for i := range tenants {
		s, now = polledState(t, fmt.Sprintf("%08d-1111-4222-8333-444444444444", i))
		for _, st := range s.streams {
			next := st.nextPoll.Sub(now)
			if next <= 0 || next > s.cfg.PollInterval {
				t.Errorf("the second poll comes after %v", next)
			}
			inSecond[int(next.Seconds())]++
		}
	}
	for second, n := range inSecond {
		if n > 8 {
			t.Errorf("%d of %d streams are polled in second %d", n, 2*tenants, second)
		}
	}
	if first, again := secondPollDelay(source.Stream{Tenant: "t"}, time.Minute), secondPollDelay(source.Stream{Tenant: "t"}, time.Minute); first != again {
		t.Errorf("a stream has two phases: %v and %v", first, again)
	}
}

// From when on a sweep lists, and which sweeps it was.
func TestSweeps(t *testing.T) {
	const hour, day = time.Hour, 24 * time.Hour
	for name, test := range map[string]struct {
		change    func(s *state, st *stream, now time.Time)
		from      time.Duration // before now
		day, week time.Duration // until the next one of these; 0: it was not one
		none      bool
	}{
		"poll":             {func(*state, *stream, time.Time) {}, hour + time.Minute, 0, 0, false},
		"long interval":    {func(s *state, _ *stream, _ time.Time) { s.cfg.PollInterval = 2 * hour }, 4 * hour, 0, 0, false},
		"after an outage":  {func(_ *state, st *stream, now time.Time) { st.listedTo = now.Add(-3 * hour) }, 4 * hour, 0, 0, false},
		"after a long one": {func(_ *state, st *stream, now time.Time) { st.listedTo = now.Add(-6 * day) }, 6*day + hour, 0, 0, false},
		"day":              {func(_ *state, st *stream, now time.Time) { st.nextDaySweep = now }, day, daySweepInterval, 0, false},
		"week":             {func(_ *state, st *stream, now time.Time) { st.nextRetentionSweep = now }, 7*day - time.Second, daySweepInterval, retentionSweepInterval, false},
		"week, while a backlog is listed": {func(_ *state, st *stream, now time.Time) {
			st.nextRetentionSweep, st.backlogListings = now, []*listing{{}}
		}, hour + time.Minute, 0, 0, false},
		"since":             {func(_ *state, st *stream, now time.Time) { st.nextDaySweep, st.since = now, now.Add(-2*hour) }, 2 * hour, daySweepInterval, 0, false},
		"not yet":           {func(_ *state, st *stream, now time.Time) { st.nextPoll = now.Add(1) }, 0, 0, 0, true},
		"the last one runs": {func(_ *state, st *stream, _ time.Time) { st.latestListing = &listing{latest: true} }, 0, 0, 0, true},
		"not subscribed":    {func(_ *state, st *stream, _ time.Time) { st.subscribed = false }, 0, 0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, st, _, now := steadyState(t)
			now = wholeSecond(now.Add(time.Hour))
			s.serviceClock = newServiceClock(now)
			later := now.Add(3 * hour)
			st.backlogListings, st.listedTo, st.since = nil, now.Add(-time.Minute), now.Add(-30*day)
			st.nextPoll, st.nextDaySweep, st.nextRetentionSweep = now, later, later
			test.change(s, st, now)
			before, latest := len(st.backlogListings), st.latestListing
			s.sweep(st, now)
			if test.none {
				if st.latestListing != latest || len(st.backlogListings) != before {
					t.Errorf("it was swept")
				}
				return
			}
			from, to := st.latestListing.span.From, st.latestListing.span.To
			for n := len(st.backlogListings) - 1 - before; n >= 0; n-- {
				span := st.backlogListings[n].span
				if !span.To.Equal(from) || span.To.Sub(span.From) > st.longestSpan() || span.To.Sub(span.From) <= 0 {
					t.Errorf("span %v before %v", span, from)
				}
				from = span.From
			}
			if !to.Equal(now) || now.Sub(from) != test.from {
				t.Errorf("it lists %v to %v before now, want from %v", now.Sub(from), now.Sub(to), test.from)
			}
			for _, next := range []struct {
				got, before time.Time
				want        time.Duration
			}{{st.nextDaySweep, later, test.day}, {st.nextRetentionSweep, later, test.week}} {
				if next.want == 0 && next.got.Before(next.before) && next.got.After(now) || next.want > 0 && !next.got.Equal(now.Add(next.want)) {
					t.Errorf("the next sweep is after %v, want %v", next.got.Sub(now), next.want)
				}
			}
		})
	}
}

// The first sweeps of more than a poll come when those of the start are long over.
func TestFirstSweeps(t *testing.T) {
	s, now := polledState(t, "tenant")
	for _, st := range s.streams {
		if st.nextDaySweep.Sub(now) != daySweepInterval || st.nextRetentionSweep.Sub(now) != retentionSweepInterval {
			t.Errorf("after %v and %v", st.nextDaySweep.Sub(now), st.nextRetentionSweep.Sub(now))
		}
	}
}

// A poll comes at most 1 % early, and never late.
func TestPollDelay(t *testing.T) {
	s, _, _, _ := steadyState(t)
	for _, random := range []float64{0, 0.5, 0.999} {
		s.random = func() float64 { return random }
		if d := s.pollDelay(); d > s.cfg.PollInterval || d < s.cfg.PollInterval*99/100 {
			t.Errorf("%v with %v", d, random)
		}
	}
}

// A poll of a little more than its span is one listing, so that it is one request.
func TestPollInOneListing(t *testing.T) {
	for behind, backlog := range map[time.Duration]int{
		time.Minute:                   0,
		2*leastPollSpan - time.Second: 0,
		2 * leastPollSpan:             1,
	} {
		s, st, _, now := steadyState(t)
		now = wholeSecond(now)
		s.serviceClock = newServiceClock(now)
		st.backlogListings, st.latestListing, st.nextPoll = nil, nil, now
		st.listedTo, st.since = now.Add(leastPollSpan-behind), now.Add(-retention)
		s.sweep(st, now)
		if n := len(st.backlogListings); n != backlog {
			t.Errorf("%v: %d listings of the backlog, want %d", behind, n, backlog)
		}
	}
}

// After a leap of this machine's clock of more than a few minutes every stream is polled:
// the machine slept. Setting the clock back, and what ntp does, are none.
func TestSleepIsNoticed(t *testing.T) {
	for leap, asleep := range map[time.Duration]bool{
		5*time.Minute + time.Second: true,
		5 * time.Minute:             false,
		-24 * time.Hour:             false,
		0:                           false,
	} {
		synctest.Test(t, func(t *testing.T) {
			s, _, _, _ := steadyState(t)
			m := &machine{begun: time.Now()}
			s.noticeSleep(m.now())
			due := m.now().Add(12 * time.Hour)
			for _, st := range s.streams {
				st.nextPoll = due
			}
			time.Sleep(time.Hour) // awake
			s.noticeSleep(m.now())
			m.moveWall(leap)
			s.noticeSleep(m.now())
			for _, st := range s.streams {
				if polled := st.nextPoll.Before(due); polled != asleep {
					t.Errorf("a leap of %v: polled %t", leap, polled)
				}
			}
		})
	}
}

// The first run begins no earlier than the source keeps content.
func TestLookbackIsBounded(t *testing.T) {
	s, st, _, _ := steadyState(t)
	for lookback, want := range map[time.Duration]time.Duration{0: 0, time.Hour: time.Hour, retention: retention, 2 * retention: retention} {
		if s.cfg.Lookback = lookback; s.lookback(st) != want {
			t.Errorf("%v: %v", lookback, s.lookback(st))
		}
	}
}
