package collector

import (
	"math/rand/v2"
	"slices"
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
			t.Errorf("the log says %q", l.all())
		}
		if s.requestCount(source.OpSubscriptions) != 1 || s.requestCount(source.OpStart) != 2 {
			t.Errorf("subscriptions were asked for %d times and started %d times", s.requestCount(source.OpSubscriptions), s.requestCount(source.OpStart))
		}
	})
}

// Weeks of a life with faults, late listings, throttling and crashes.
func TestWeeksWithFaults(t *testing.T) {
	for seed := range uint64(2) {
		synctest.Test(t, func(t *testing.T) {
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
				stop() // what is not confirmed is delivered again
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
		})
	}
}

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
		for _, blob := range s.items {
			if late := b.delivered[blob.ID].Sub(blob.listed); late > delays[blob.ID] {
				t.Errorf("blob %s was delivered %s after it was listed, want at most %s", blob.ID, late, delays[blob.ID])
			}
		}
	})
}

// A backlog that takes an hour does not keep the newest content waiting, and
// is worked off oldest first.
func TestLatestItemsOvertakeBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newService(t), newLedgerModel()
		s.latency = 2 * time.Second
		s.pageSize = 100
		start := time.Now()
		for n := range 6000 {
			s.add(activity.Exchange, start.Add(-retention+2*time.Hour+time.Duration(n)*90*time.Second), 0)
		}
		stop := collect(s, b, new(logLines), nil)
		var fresh []string
		for range 40 {
			time.Sleep(time.Minute)
			fresh = append(fresh, s.add(activity.Exchange, time.Now(), 0))
		}
		time.Sleep(2 * time.Hour)
		stop()
		b.check(t, s)
		for _, id := range fresh {
			created := s.items[slices.IndexFunc(s.items, func(m modelItem) bool { return m.ID == id })].Created
			if late := b.delivered[id].Sub(created); late > time.Minute+10*time.Second {
				t.Errorf("blob %s came %s after it became available", id, late)
			}
		}
		var older []time.Time
		for _, id := range s.opened {
			i := slices.IndexFunc(s.items, func(m modelItem) bool { return m.ID == id })
			if i < 5900 {
				older = append(older, s.items[i].Created)
			}
		}
		const atOnce = 4 // downloads overtake each other
		for i := atOnce; i < len(older); i++ {
			if older[i].Before(older[i-atOnce]) {
				t.Fatalf("the backlog was not worked off oldest first: %d of %d, %v %v", i, len(older), older[i-atOnce], older[i])
			}
		}
	})
}

func TestGapsAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		stop := collect(s, b, l, nil)
		time.Sleep(time.Hour)
		stop()
		stopped := time.Now()
		time.Sleep(10 * 24 * time.Hour)
		collect(s, b, l, nil)()
		again := collect(s, b, l, nil) // a gap is reported once
		time.Sleep(time.Hour)
		again()
		if len(b.gaps) != 2 {
			t.Fatalf("%d gaps for two streams: %v", len(b.gaps), b.gaps)
		}
		for _, g := range b.gaps {
			if d := g.Span.From.Sub(stopped); d < -2*time.Minute || d > 0 {
				t.Errorf("the gap of %v begins %s from the stop", g.Stream, d)
			}
			if d := g.Span.To.Sub(stopped.Add(3 * 24 * time.Hour)); d < -time.Minute || d > time.Minute {
				t.Errorf("the gap of %v ends %s from where the service begins", g.Stream, d)
			}
		}
		if l.with("lost: content of") != 2 {
			t.Errorf("the log says: %q", l.all())
		}
	})
}

func TestLostItemIsReportedAndBlocksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		lost := s.add(activity.Exchange, time.Now().Add(-retention+10*time.Minute), 0)
		s.fault = func(op source.Op) error {
			if op == source.OpDownload && time.Since(s.items[0].Created) < retention {
				return &source.Error{Op: op, Status: 500, Code: "AF50000"}
			}
			return nil
		}
		stop := collect(s, b, l, nil)
		time.Sleep(20 * time.Minute)
		s.add(activity.SharePoint, time.Now(), 0)
		time.Sleep(5 * time.Minute)
		stop()
		if len(b.gaps) != 1 || len(b.delivered) != 1 || l.with("lost: content of") != 1 || l.with(lost) == 0 {
			t.Errorf("gaps %v, delivered %v, log %q", b.gaps, b.delivered, l.all())
		}
	})
}

// A thousand blobs that fail for one reason are one line.
func TestFailingDownloadsAreReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		for n := range 100 {
			s.add(activity.Exchange, time.Now().Add(-time.Duration(n)*time.Minute-time.Second), 0)
		}
		s.fail(func(op source.Op) error {
			if op == source.OpDownload {
				return errReset
			}
			return nil
		})
		stop := collect(s, b, l, nil)
		time.Sleep(time.Hour)
		if l.with("2 contoso Audit.Exchange: some content can't be downloaded") != 1 {
			t.Errorf("the log says %q", l.all())
		}
		s.fail(nil)
		time.Sleep(time.Hour)
		stop()
		b.check(t, s)
		if l.with("over after") != 1 || l.with("can't be downloaded") != 2 {
			t.Errorf("the log says %q", l.all())
		}
	})
}

func TestOneStreamFailsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		s.add(activity.Exchange, time.Now().Add(-time.Hour), 0)
		s.subscribed[activity.Exchange] = true
		s.fault = func(op source.Op) error {
			if op == source.OpStart {
				return &source.Error{Op: op, Status: 401}
			}
			return nil
		}
		stop := collect(s, b, l, func(c *Config) {
			c.ContentTypes = contentTypes(activity.DLP, activity.Exchange)
		})
		time.Sleep(3 * time.Hour)
		if n := l.with("ActivityFeed.ReadDlp"); n != 1 {
			t.Errorf("the missing permission was said %d times: %q", n, l.all())
		}
		if n := s.requestCount(source.OpStart); n < 5 || n > 40 {
			t.Errorf("%d tries in three hours", n)
		}
		s.fail(nil)
		time.Sleep(time.Hour)
		stop()
		b.check(t, s)
		if l.with("3 contoso DLP.All: over after 3h") != 1 {
			t.Errorf("the recovery was not said: %q", l.all())
		}
	})
}

func TestSignInFailureIsReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		s.add(activity.Exchange, time.Now().Add(-time.Hour), 0)
		s.fault = func(source.Op) error { return &source.SignInError{Err: wrongSecret{}} }
		stop := collect(s, b, l, nil)
		time.Sleep(2 * time.Hour)
		if len(l.all()) != 1 || l.with("1 contoso: nothing is collected: signing in fails") != 1 || l.with("(sign in: wrong secret)") != 1 {
			t.Errorf("the log says %q", l.all())
		}
		s.fail(nil)
		time.Sleep(time.Hour)
		stop()
		b.check(t, s)
		if l.with("3 contoso: over after 2h") != 1 {
			t.Errorf("the log says %q", l.all())
		}
	})
}

// What keeps all content types from being collected is explained once.
func TestFailureOfAllStreamsIsReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		s.add(activity.Exchange, time.Now().Add(-time.Hour), 0)
		s.fault = func(op source.Op) error {
			if op == source.OpStart {
				return &source.Error{Op: op, Status: 401, Code: "AF10001"}
			}
			return nil
		}
		stop := collect(s, b, l, nil)
		time.Sleep(2 * time.Hour)
		if len(l.all()) != 1 || l.with("1 contoso: nothing is collected: the app may not read the audit log (ActivityFeed.Read is missing): run ") != 1 {
			t.Errorf("the log says %q", l.all())
		}
		s.fail(nil)
		time.Sleep(time.Hour)
		stop()
		b.check(t, s)
		if l.with("3 contoso: over after 2h") != 1 {
			t.Errorf("the log says %q", l.all())
		}
	})
}

type wrongSecret struct{}

func (wrongSecret) Error() string       { return "wrong secret" }
func (wrongSecret) Configuration() bool { return true }

func TestClockSkew(t *testing.T) {
	for _, skew := range []time.Duration{-3 * time.Hour, 10 * time.Minute, 3 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s, b, l := newService(t), newLedgerModel(), new(logLines)
			s.skew = skew
			for n := range 100 {
				s.add(activity.Exchange, s.now().Add(-time.Duration(n)*time.Hour-time.Second), 0)
			}
			stop := collect(s, b, l, nil)
			time.Sleep(7 * time.Hour)
			stop()
			b.check(t, s)
			if l.with("the clock of this machine") != 1 {
				t.Errorf("skew %s: the log says %q", skew, l.all())
			}
		})
	}
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
				t.Errorf("blob %s delivered: %v, want %v", id, got, want)
			}
		}
	})
}

// Content made while a subscription is off can't be had back.
func TestSubscriptionThatWasOffIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		stop := collect(s, b, l, nil)
		time.Sleep(time.Hour)
		off := time.Now()
		s.mu.Lock()
		delete(s.subscribed, activity.Exchange)
		s.mu.Unlock()
		time.Sleep(time.Hour)
		stop()
		if len(b.gaps) != 1 || b.gaps[0].Stream.ContentType != activity.Exchange {
			t.Fatalf("gaps: %v; the log says %q", b.gaps, l.all())
		}
		span := b.gaps[0].Span
		if d := off.Sub(span.From); d < 0 || d > 2*time.Minute || span.To.Before(off.Truncate(time.Second)) {
			t.Errorf("the gap is %v, the subscription was off from %v on", span, off)
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

// A service that accepts less than it promises is asked for less.
func TestRefusedWindowsAreHalved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newService(t), newLedgerModel()
		s.longestWindow = 5 * time.Hour
		for n := range 160 {
			s.add(activity.Exchange, time.Now().Add(-time.Duration(n)*time.Hour-time.Second), 0)
		}
		stop := collect(s, b, new(logLines), nil)
		time.Sleep(time.Hour)
		stop()
		b.check(t, s)
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
