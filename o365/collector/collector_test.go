package collector

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

func TestSevenDaysAreCollectedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newService(t), newLedgerModel()
		start := time.Now()
		for n := range 200 {
			s.add(activity.Exchange, start.Add(-time.Duration(n)*50*time.Minute-time.Second), 0)
			s.add(activity.SharePoint, start.Add(-time.Duration(n)*50*time.Minute-time.Millisecond), 0)
		}
		l := new(logLines)
		stop := collect(s, b, l, nil)
		time.Sleep(10 * time.Minute)
		stop()
		b.check(t, s)
		if len(l.all()) != 2 || l.with("3 contoso: collecting Audit.Exchange and Audit.SharePoint; subscription started, the first content may take up to 12 hours") != 1 || l.with("3 contoso: caught up") != 1 {
			t.Errorf("the log has %q", l.all())
		}
		if s.requestCount(source.OpSubscriptions) != 1 || s.requestCount(source.OpStart) != 2 {
			t.Errorf("subscriptions were asked for %d times and started %d times", s.requestCount(source.OpSubscriptions), s.requestCount(source.OpStart))
		}
	})
}

// Whatever faults, late listings, throttling and crashes there are for two weeks, all
// is delivered.
func TestWeeksWithFaults(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { runWeeksWithFaults(t, seed) })
		})
	}
}

func runWeeksWithFaults(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	s, b := newService(t), newLedgerModel()
	s.perMinute = 120
	b.acknowledgeDelay = 3 * time.Second
	s.fault = sometimes(rand.New(rand.NewPCG(seed, 2)), 0.1, errReset,
		&source.Error{Status: 500, Code: "AF50000"},
		&source.Error{Status: 400, Code: "AF20031"},
		&source.Error{Status: 401, Code: "AF10001"},
		&source.SignInError{Err: errReset},
	)
	away := time.Now().Add(time.Duration(random.IntN(24*12)) * time.Hour) // of where copies are kept, for two days
	b.notKept = func(id string) error {
		if now := time.Now(); now.After(away) && now.Before(away.Add(48*time.Hour)) || id[0] == '7' && now.Nanosecond()%2 == 0 {
			return &source.NotKept{Err: errReset, After: time.Minute}
		}
		return nil
	}
	types := contentTypes(activity.Exchange, activity.SharePoint)
	produce := func(created time.Time) {
		for range random.IntN(3) {
			late := time.Duration(0)
			switch random.IntN(10) {
			case 0:
				late = time.Duration(random.IntN(3600)) * time.Second
			case 1:
				late = time.Duration(random.IntN(120)) * time.Hour
			}
			s.add(types[random.IntN(2)].Name, created, late)
		}
	}
	for age := retention - time.Hour; age > 0; age -= 20 * time.Minute {
		produce(time.Now().Add(-age))
	}
	for range 14 { // days
		stop := collect(s, b, new(logLines), func(c *Config) { c.PollInterval = 5 * time.Minute })
		for range 72 {
			produce(time.Now())
			time.Sleep(20 * time.Minute)
		}
		stop() // what is not acknowledged is delivered again
		b.mu.Lock()
		b.deliveredTwice = nil
		b.mu.Unlock()
		time.Sleep(time.Duration(random.IntN(10)) * time.Hour)
	}
	s.fail(nil)
	stop := collect(s, b, new(logLines), nil)
	time.Sleep(6 * 24 * time.Hour) // what is listed last is listed by now
	stop()
	b.check(t, s)
}

func TestThrottlingPausesTheTenant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		s.perMinute = 60
		for n := range 600 {
			s.add(activity.Exchange, time.Now().Add(-time.Duration(n)*10*time.Minute-time.Second), 0)
		}
		stop := collect(s, b, l, nil)
		time.Sleep(3 * time.Hour)
		stop()
		b.check(t, s)
		requests := 0
		for _, n := range s.requests {
			requests += n
		}
		if s.refused == 0 || s.refused*5 > requests {
			t.Errorf("%d of %d requests were refused", s.refused, requests)
		}
	})
}

func TestStopIsQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newService(t), newLedgerModel()
		s.latency = time.Hour
		stop := collect(s, b, new(logLines), nil)
		time.Sleep(time.Minute)
		begun := time.Now()
		stop()
		if d := time.Since(begun); d > 0 {
			t.Errorf("the stop took %s", d)
		}
	})
}

// Only an answer of the service proves that it accepts requests again.
func TestWhatEndsARowOfRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		ends bool
	}{
		"accepted":        {nil, true},
		"another error":   {&source.Error{Op: source.OpList, Status: 500}, true},
		"no answer":       {errReset, false},
		"another refusal": {&source.Error{Op: source.OpList, Status: 429}, false},
		"no token":        {&source.SignInError{Err: errReset}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newLedgerModel()
			c := New(config(nil), newService(t), b, b, NewBudget(2000), newMonitorModel(), new(logLines).log)
			c.state, _ = polledState(t, tenant)
			st := c.state.streams[0]
			now := time.Now()
			c.budget.Refused(now.Add(-time.Minute), now.Add(-time.Minute), time.Second)
			c.finish(result{task: task{kind: listPage, stream: st, listing: st.newListing(source.Span{From: now.Add(-time.Hour), To: now}), sent: now}, err: test.err})
			if c.budget.refusing == test.ends {
				t.Errorf("the row of refusals has ended: %t", !c.budget.refusing)
			}
		})
	}
}
