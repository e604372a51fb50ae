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
