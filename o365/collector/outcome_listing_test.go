package collector

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// If a service accepts shorter windows than it documents, listings get shorter.
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

// brokenListing is a service whose listings of a moment do not end properly while it
// is broken.
type brokenListing struct {
	*service
	moment time.Time
	broken atomic.Bool
	next   func() (string, error) // what comes after each of their pages
}

func (c *brokenListing) List(ctx context.Context, t string, span source.Span, next string, want source.Want) (source.Page, error) {
	if strings.HasPrefix(next, "broken") {
		return c.nextPage(ctx)
	}
	p, err := c.service.List(ctx, t, span, next, want)
	if err == nil && t == activity.Exchange && c.broken.Load() && !c.moment.Before(span.From) && c.moment.Before(span.To) {
		p.Next = "broken"
	}
	return p, err
}

func (c *brokenListing) nextPage(ctx context.Context) (source.Page, error) {
	if err := c.call(ctx, source.OpList); err != nil {
		return source.Page{}, err
	}
	if !c.broken.Load() {
		return source.Page{Date: time.Now().UTC()}, nil
	}
	next, err := c.next()
	return source.Page{Next: next, Date: time.Now().UTC()}, err
}

// What becomes available while the latest listing keeps failing on a later page is
// collected within two polls, and the span that failed once it can be listed.
func TestFailingListingIsSetAside(t *testing.T) {
	n := 0
	for name, next := range map[string]func() (string, error){
		"a circle":               func() (string, error) { return "broken", nil },
		"without end":            func() (string, error) { n++; return fmt.Sprint("broken", n), nil },
		"a page that is refused": func() (string, error) { return "", &source.Error{Op: source.OpList, Status: 500} },
		"a page that is gone":    func() (string, error) { return "", &source.Error{Op: source.OpList, Status: 400, Code: "AF20031"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, b, r := newService(t), newLedgerModel(), newMonitorModel()
				s.pageSize = 100
				api := &brokenListing{service: s, moment: time.Now().Add(-time.Minute), next: next}
				api.broken.Store(true)
				first := s.add(activity.Exchange, api.moment, 0)
				stop := collectFrom(api, b, r, func(c *Config) { c.Lookback = 30 * time.Hour })
				limit, latest := 10*time.Minute, 2*time.Minute+10*time.Second
				if name == "without end" { // it takes thousands of pages to detect
					limit, latest = time.Hour, 5*time.Minute
				}
				time.Sleep(limit)
				r.want(t, "Exchange listing")
				var ids []string
				for range 100 {
					ids = append(ids, s.add(activity.Exchange, time.Now(), 0))
					time.Sleep(time.Minute)
				}
				time.Sleep(2 * time.Minute)
				for _, id := range append(ids, first) {
					if late := b.deliveredAt(id).Sub(s.created(id)); late < 0 || late > latest {
						t.Errorf("%s was delivered %v late", id, late)
						break
					}
				}
				r.want(t, "Exchange listing")
				if perMinute := float64(s.requestCount(source.OpList)) / 110; name != "without end" && perMinute > 30 {
					t.Errorf("%.0f listings a minute", perMinute)
				}
				stream := source.Stream{Tenant: tenant, ContentType: activity.Exchange}
				for _, span := range b.Completed(stream) {
					if !api.moment.Before(span.From) && api.moment.Before(span.To) {
						t.Errorf("what could not be listed is complete: %v", span)
					}
				}
				api.broken.Store(false)
				time.Sleep(6 * time.Minute)
				r.want(t)
				if spans := b.Completed(stream); len(spans) != 1 || time.Since(spans[0].To) > 2*time.Minute {
					t.Errorf("complete: %v", spans)
				}
				stop()
				b.check(t, s)
			})
		})
	}
}

// A listing that is refused for its length is halved, down to an hour; its items belong
// to both halves, and each begins with the overlap.
func TestHalves(t *testing.T) {
	refused := &source.Error{Op: source.OpList, Status: 400, Code: "AF20055"}
	for _, length := range []time.Duration{leastPollSpan, leastPollSpan + time.Second, 10 * time.Hour} {
		s, st, l, now := steadyState(t)
		s.ledger = newLedgerModel()
		l.span.From = l.span.To.Add(-length)
		l.cutFrom = l.span.From.Add(-time.Minute)
		s.itemListed(st, l, source.Item{ID: "a", Created: l.span.From}, now)
		whole := l.span
		s.clamp(st, l, refused, now)
		if length <= leastPollSpan {
			if len(st.backlogListings) != 1 || l.span != whole {
				t.Errorf("%v: halved to %v", length, l.span)
			}
			continue
		}
		older := st.backlogListings[0]
		if len(st.backlogListings) != 2 || st.backlogListings[1] != l || older.span.From != whole.From || older.span.To != l.span.From || l.span.To != whole.To {
			t.Fatalf("%v: halved to %v and %v", length, older.span, l.span)
		}
		if !l.cutFrom.IsZero() || older.cutFrom.IsZero() {
			t.Errorf("%v: cut from %v and %v", length, older.cutFrom, l.cutFrom)
		}
		if l.requestFrom != l.span.From.Add(-st.limits.Overlap) || older.undelivered != 1 || l.undelivered != 1 {
			t.Errorf("%v: begins %v before its span; %d and %d items", length, l.span.From.Sub(l.requestFrom), older.undelivered, l.undelivered)
		}
		for _, half := range []*listing{older, l} {
			s.taskFinished(result{task: task{kind: listPage, stream: st, listing: half}}, now)
		}
		if done := s.ledger.Completed(st.id); len(done) > 0 {
			t.Errorf("complete before the item is delivered: %v", done)
		}
		s.itemDelivered(st.items["a"])
		if len(whole.Without(s.ledger.Completed(st.id)...)) > 0 {
			t.Errorf("not complete: %v", s.ledger.Completed(st.id))
		}
	}
}

// Items of the exact seconds at which listings begin are found by those.
func TestItemsAtTheBordersOfListings(t *testing.T) {
	for _, longest := range []time.Duration{24 * time.Hour, 5 * time.Hour} {
		t.Run(fmt.Sprint(longest), func(t *testing.T) {
			var borders []time.Time
			run := func(t *testing.T) {
				s, b := newService(t), newLedgerModel()
				s.longestWindow = longest
				for _, at := range borders {
					for second := range 3 {
						s.add(activity.Exchange, at.Add(time.Duration(second-1)*time.Second), 0)
					}
				}
				api := &recordedSource{service: s}
				begun := time.Now()
				stop := collectFrom(api, b, newMonitorModel(), func(c *Config) { c.ContentTypes = contentTypes(activity.Exchange) })
				time.Sleep(20 * time.Minute)
				stop()
				b.check(t, s)
				if borders == nil {
					for _, from := range api.begun {
						if at := from.Add(time.Second); at.Sub(begun) > 10*time.Minute-retention { // the first may be cut
							borders = append(borders, at)
						}
					}
				}
			}
			synctest.Test(t, run)
			synctest.Test(t, run)
			if len(borders) < 7 {
				t.Errorf("borders: %v", borders)
			}
		})
	}
}

// recordedSource records when the listings of a service begin.
type recordedSource struct {
	*service
	begun []time.Time
}

func (c *recordedSource) List(ctx context.Context, t string, span source.Span, next string, want source.Want) (source.Page, error) {
	c.mu.Lock()
	if !slices.ContainsFunc(c.begun, span.From.Equal) {
		c.begun = append(c.begun, span.From)
	}
	c.mu.Unlock()
	return c.service.List(ctx, t, span, next, want)
}

// Short cuts of one listing add up to a gap.
func TestCutsAddUp(t *testing.T) {
	s, st, l, now := steadyState(t)
	s.ledger = newLedgerModel()
	begin := st.earliestStart(now)
	l.span.From, l.requestFrom, l.span.To = begin, begin.Add(-st.limits.Overlap), begin.Add(time.Hour)
	for n, gaps := range []int{0, 1, 1, 2} {
		now = now.Add(3 * time.Minute)
		s.clamp(st, l, &source.Error{Op: source.OpList, Status: 400, Code: "AF20030"}, now)
		all := gapSpans(s.ledger.Gaps(st.id))
		if len(all) != gaps || gaps > 0 && !all[0].From.Equal(begin) {
			t.Errorf("%d cuts: gaps %v", n+1, all)
		}
		if pause := l.notBefore.Sub(now); pause > firstRetryPause {
			t.Errorf("%d cuts: a pause of %v", n+1, pause)
		}
	}
}

// What is set aside counts as listed, so that the next poll goes on behind it.
func TestSetAsideGoesOn(t *testing.T) {
	s, st, l, now := steadyState(t)
	st.backlogListings, st.latestListing, l.latest, st.listedTo = nil, l, true, l.span.From
	for n := range persistentFailures {
		if st.latestListing == nil {
			t.Fatalf("set aside after %d failures", n)
		}
		s.relist(st, l, errListingLoops, now)
	}
	if st.latestListing != nil || len(st.backlogListings) != 1 || l.latest || !st.listedTo.Equal(l.span.To) {
		t.Errorf("%v latest, %d in the backlog, listed to %v", st.latestListing, len(st.backlogListings), st.listedTo)
	}
}

// A service that refuses listings by another clock than its dates show is believed by
// its refusals, but not by one or two.
func TestRefusalsAgainstTheClock(t *testing.T) {
	s, st, l, now := steadyState(t)
	s.ledger = newLedgerModel()
	s.serviceClock.believed.Service = s.serviceClock.believed.Service.Add(-48 * time.Hour)
	l.span.To = l.span.From.Add(leastPollSpan) // is not halved
	for n := 1; n <= agreeingAnswers; n++ {
		if far := s.serviceClock.far(now); !far {
			t.Errorf("distrusted after %d refusals", n-1)
		}
		s.clamp(st, l, &source.Error{Op: source.OpList, Status: 400, Code: "AF20030"}, now)
	}
	if s.serviceClock.far(now) {
		t.Errorf("believed after %d refusals", agreeingAnswers)
	}
}
