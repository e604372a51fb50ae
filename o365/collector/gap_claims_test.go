package collector

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// A list of subscriptions that the answer to a start refutes is no loss, at any
// restart.
func TestListOfSubscriptionsIsWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newService(t), newLedgerModel()
		s.subscribed[activity.Exchange], s.subscribed[activity.SharePoint] = true, true
		s.subscriptionsHidden, s.startedAgain = true, true
		for range 4 {
			l := new(logLines)
			stop := collect(s, b, l, nil)
			for range 10 {
				s.add(activity.Exchange, time.Now(), 0)
				time.Sleep(10 * time.Minute)
			}
			stop()
			b.check(t, s)
			if n := l.with("lost") + l.with("subscription started"); n > 0 {
				t.Errorf("%d lines: %q", n, l.all())
			}
			time.Sleep(3 * time.Hour)
		}
	})
}

// After a start the service takes a while to know of it everywhere. That delays
// nothing but what it refuses, and is no loss.
func TestRefusedAfterStart(t *testing.T) {
	for _, code := range []string{"AF20022", "AF20023"} {
		for _, wasOn := range []bool{false, true} {
			t.Run(fmt.Sprint(code, " ", wasOn), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, b := newService(t), newLedgerModel()
					s.subscribed[activity.Exchange], s.subscriptionsHidden, s.startedAgain = wasOn, wasOn, wasOn
					begun := time.Now()
					s.fault = func(op source.Op) error {
						if op == source.OpList && time.Since(begun) < time.Minute {
							return &source.Error{Op: op, Status: 400, Code: code}
						}
						return nil
					}
					stop := collect(s, b, new(logLines), func(c *Config) { c.ContentTypes = contentTypes(activity.Exchange) })
					id := s.add(activity.Exchange, begun.Add(time.Second), 0)
					time.Sleep(4 * time.Minute)
					stop()
					b.check(t, s)
					if late := b.deliveredAt(id).Sub(begun); late > 3*time.Minute {
						t.Errorf("it was delivered after %v", late)
					}
					if n := s.requestCount(source.OpStart); n != 1 {
						t.Errorf("%d starts", n)
					}
				})
			})
		}
	}
}

// That a listed item is gone is believed after hours, is reported once, and is taken
// back when the item can be had after all.
func TestListedItemIsGone(t *testing.T) {
	refusals := map[string]*source.Error{
		"expired":   {Op: source.OpDownload, Status: 400, Code: "AF20051"},
		"malformed": {Op: source.OpDownload, Status: 400, Code: "AF20052"},
		"absent":    {Op: source.OpDownload, Status: 404, Code: "AF20050"},
		"not found": {Op: source.OpDownload, Status: 404},
		"gone":      {Op: source.OpDownload, Status: 410},
	}
	for name, refusal := range refusals {
		for _, length := range []time.Duration{time.Hour, 30 * time.Hour} {
			t.Run(fmt.Sprint(name, " ", length), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, b, l := newService(t), newLedgerModel(), new(logLines)
					begun := time.Now()
					bad := s.add(activity.Exchange, begun.Add(-time.Hour), 0)
					s.itemFault = func(c source.Item) error {
						if c.ID == bad && time.Since(begun) < length {
							return refusal
						}
						return nil
					}
					stop := collect(s, b, l, nil)
					restarted := false
					for time.Since(begun) < length {
						s.add(activity.Exchange, time.Now(), 0)
						time.Sleep(20 * time.Minute)
						if !restarted && time.Since(begun) > length/2 { // which reports nothing anew
							restarted = true
							stop()
							stop = collect(s, b, l, nil)
						}
					}
					gaps := b.Gaps(source.Stream{Tenant: tenant, ContentType: activity.Exchange})
					if lost := length > refusalPatience; lost != (len(gaps) == 1) || lost != (l.with("lost:") == 1) {
						t.Errorf("gaps %v, %q", gaps, l.all())
					}
					s.mu.Lock()
					refused := s.requests[source.OpDownload] - len(s.opened)
					s.mu.Unlock()
					if refused > 150 {
						t.Errorf("it was asked for %d times", refused)
					}
					time.Sleep(8 * time.Hour)
					stop()
					b.check(t, s)
					if l.with("lost:") > 1 {
						t.Errorf("%q", l.all())
					}
				})
			})
		}
	}
}

// When nothing that is listed exists, the report is about the service.
func TestNothingThatIsListedExists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		for n := range 20 {
			s.add(activity.Exchange, time.Now().Add(-time.Duration(n)*time.Minute), 0)
		}
		s.itemFault = func(source.Item) error { return &source.Error{Op: source.OpDownload, Status: 404} }
		stop := collect(s, b, l, nil)
		time.Sleep(time.Hour)
		stop()
		if l.with("answers that none of it exists: check cloud and endpoint") != 1 {
			t.Errorf("%q", l.all())
		}
	})
}

// Content that comes from a time in which a subscription was off moves the gap to
// behind it.
func TestSubscriptionWasOffLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newService(t), newLedgerModel()
		stop := collect(s, b, new(logLines), func(c *Config) { c.ContentTypes = contentTypes(activity.Exchange) })
		time.Sleep(10 * time.Minute)
		stop()
		last := s.add(activity.Exchange, time.Now().Add(30*time.Minute), 4*time.Hour) // listed late
		time.Sleep(2 * time.Hour)
		s.subscribed[activity.Exchange] = false // it is listed, as disabled
		started := time.Now()
		stop = collect(s, b, new(logLines), func(c *Config) { c.ContentTypes = contentTypes(activity.Exchange) })
		time.Sleep(time.Minute)
		if gaps := b.Gaps(source.Stream{Tenant: tenant, ContentType: activity.Exchange}); len(gaps) != 1 || gaps[0].Span.To.Sub(gaps[0].Span.From) < 2*time.Hour {
			t.Fatalf("gaps: %v", gaps)
		}
		time.Sleep(12 * time.Hour)
		stop()
		at := wholeSecond(s.created(last))
		if len(b.gaps) != 1 || !b.gaps[0].Span.From.Equal(at.Add(time.Second)) || b.gaps[0].Span.To.Sub(started).Abs() > time.Minute {
			t.Errorf("gaps: %v, the item became available at %v", b.gaps, at)
		}
		if b.deliveredAt(last).IsZero() {
			t.Error("it was not delivered")
		}
	})
}

// Whatever the history of listings, refusals, deliveries and restarts: in the end
// everything is delivered once or in a gap, no gap has what was delivered, and each
// is there once.
func TestGapsAreTrue(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { gapHistory(t, rand.New(rand.NewPCG(seed, 9))) })
		})
	}
}

// wantDeliveredOrInGap asserts that each item is either delivered or in a gap.
func wantDeliveredOrInGap(t *testing.T, s *service, b *ledgerModel) {
	t.Helper()
	for _, i := range s.items {
		at := wholeSecond(i.Created)
		in := slices.ContainsFunc(gapSpans(b.gaps), func(g source.Span) bool { return !at.Before(g.From) && at.Before(g.To) })
		if _, ok := b.delivered[i.ID]; ok == in {
			t.Errorf("%s of %v: delivered %t, in a gap %t", i.ID, i.Created, ok, in)
		}
	}
}

func gapHistory(t *testing.T, random *rand.Rand) {
	s, b := newService(t), newLedgerModel()
	s.subscriptionsHidden, s.startedAgain = random.IntN(2) == 0, true
	only := func(c *Config) {
		c.ContentTypes, c.PollInterval = contentTypes(activity.Exchange), 5*time.Minute
	}
	kinds := []*source.Error{
		{Op: source.OpDownload, Status: 400, Code: "AF20051"}, {Op: source.OpDownload, Status: 400, Code: "AF20052"},
		{Op: source.OpDownload, Status: 404, Code: "AF20050"}, {Op: source.OpDownload, Status: 410}, {Op: source.OpDownload, Status: 500},
	}
	goneUntil := map[string]time.Time{}
	s.itemFault = func(c source.Item) error {
		if time.Now().Before(goneUntil[c.ID]) {
			return kinds[len(c.ID)%len(kinds)]
		}
		return nil
	}
	var neverUntil time.Time
	s.fault = func(op source.Op) error {
		if op == source.OpList && time.Now().Before(neverUntil) {
			return &source.Error{Op: op, Status: 400, Code: "AF20022"}
		}
		return nil
	}
	var off []source.Span // when the subscription was
	stop := collect(s, b, new(logLines), only)
	for range 60 {
		s.mu.Lock()
		on := s.subscribed[activity.Exchange]
		s.mu.Unlock()
		switch random.IntN(8) {
		case 0:
			stop()
			time.Sleep(time.Duration(random.IntN(600)) * time.Minute)
			stop = collect(s, b, new(logLines), only)
		case 1:
			s.mu.Lock()
			neverUntil = time.Now().Add(time.Duration(random.IntN(40)) * time.Minute)
			s.mu.Unlock()
		case 2:
			if random.IntN(3) == 0 {
				s.mu.Lock()
				delete(s.subscribed, activity.Exchange)
				s.mu.Unlock()
				if on {
					off = append(off, source.Span{From: time.Now(), To: time.Now()})
				}
			}
		default:
			if on { // a service makes nothing of what is not subscribed
				id := s.add(activity.Exchange, time.Now(), time.Duration(random.IntN(3)*random.IntN(300))*time.Minute)
				if random.IntN(3) == 0 {
					s.mu.Lock()
					goneUntil[id] = time.Now().Add(time.Duration(random.IntN(40)) * time.Hour)
					s.mu.Unlock()
				}
			}
		}
		time.Sleep(time.Duration(random.IntN(120)) * time.Minute)
	}
	time.Sleep(60 * time.Hour) // the service is right, and every sweep has been
	stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.deliveredTwice) > 0 {
		t.Errorf("delivered twice: %v", b.deliveredTwice)
	}
	wantDeliveredOrInGap(t, s, b)
	for _, g := range b.gaps { // in whole seconds
		if strings.HasSuffix(g.Reason, subscriptionOffSuffix) && !slices.ContainsFunc(off, func(o source.Span) bool {
			return o.From.Before(g.Span.To.Add(time.Second)) && o.From.After(g.Span.From.Add(-2*time.Second))
		}) {
			t.Errorf("the subscription never was off in %v", g)
		}
	}
	spans := gapSpans(b.gaps)
	slices.SortFunc(spans, func(a, b source.Span) int { return a.From.Compare(b.From) })
	for n := range spans {
		if n > 0 && spans[n].From.Before(spans[n-1].To) {
			t.Errorf("gaps overlap: %v and %v", spans[n-1], spans[n])
		}
	}
}
