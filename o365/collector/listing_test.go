package collector

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// A listing whose pages repeat or have no end is ended, reported, and proves nothing;
// its items are delivered.
func TestListingsThatDoNotEnd(t *testing.T) {
	for name, next := range map[string]func(n int) int{
		"to itself":   func(int) int { return 1000 },
		"in a circle": func(n int) int { return 1000 + n%7 },
		"without end": func(n int) int { return 1000 + n },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, b, r := newService(t), newLedgerModel(), newMonitorModel()
				id := s.add(activity.Exchange, time.Now().Add(-time.Minute), 0)
				n, from := 0, time.Now().Add(-time.Hour).Unix()
				s.changePage = func(typ string, p *source.Page) {
					if typ == activity.Exchange {
						n++
						p.Next = fmt.Sprintf("%d %d %d", from, from+3600, next(n))
					}
				}
				stop := collectFrom(s, b, r, func(c *Config) { c.Lookback = 30 * time.Hour })
				limit := 30 * time.Minute
				if name == "without end" {
					limit = 3 * time.Hour
				}
				time.Sleep(limit)
				r.want(t, "Exchange listing")
				if perMinute := float64(s.requestCount(source.OpList)) / limit.Minutes(); name != "without end" && perMinute > 30 {
					t.Errorf("%.0f listings a minute", perMinute)
				}
				if b.deliveredAt(id).IsZero() {
					t.Error("the listed item is not delivered")
				}
				if spans := b.Completed(source.Stream{Tenant: tenant, ContentType: activity.Exchange}); len(spans) > 0 {
					t.Errorf("complete: %v", spans)
				}
				s.mu.Lock()
				s.changePage = nil
				s.mu.Unlock()
				time.Sleep(6 * time.Minute)
				r.want(t)
				stop()
				b.check(t, s)
			})
		})
	}
}

// Entries that cannot be used do not affect others, leave their span incomplete, and
// are reported until it is listed without any.
func TestBadEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		for n := range 28 {
			s.add(activity.Exchange, time.Now().Add(-time.Duration(n)*time.Hour-time.Second), 0)
		}
		s.changePage = func(typ string, p *source.Page) {
			if typ == activity.Exchange {
				p.Bad, p.FirstBad = 2, errors.New("an entry has no contentId")
			}
		}
		stop := collectFrom(s, b, r, func(c *Config) { c.Lookback = 30 * time.Hour })
		for range 30 {
			time.Sleep(time.Minute)
			s.add(activity.Exchange, time.Now(), 0)
		}
		time.Sleep(2 * time.Minute)
		r.want(t, "Exchange listing")
		b.check(t, s)
		stream := source.Stream{Tenant: tenant, ContentType: activity.Exchange}
		if spans := b.Completed(stream); len(spans) > 0 {
			t.Errorf("complete: %v", spans)
		}
		s.mu.Lock()
		s.changePage = nil
		s.mu.Unlock()
		time.Sleep(6 * time.Minute)
		r.want(t)
		if spans := b.Completed(stream); len(spans) != 1 || time.Since(spans[0].From) < 29*time.Hour || time.Since(spans[0].To) > 2*time.Minute {
			t.Errorf("complete: %v", spans)
		}
		stop()
	})
}

// How the pages of a listing add up: an item on two pages is one, an entry that cannot
// be used on any page leaves the span incomplete, and pages with new items may be many.
func TestPagesOfAListing(t *testing.T) {
	page := func(next string, bad int, ids ...string) source.Page {
		p := source.Page{Next: next, Bad: bad, Date: time.Now()}
		for _, id := range ids {
			p.Items = append(p.Items, source.Item{ContentType: activity.Exchange, ID: id, Created: time.Now().Add(-time.Minute).UTC()})
		}
		return p
	}
	for name, test := range map[string]struct {
		pages    []source.Page
		begin    int // pages without a new item before
		items    int
		complete bool
		failed   bool
	}{
		"an item twice":         {[]source.Page{page("2", 0, "a", "b"), page("", 0, "b", "c", "c")}, 0, 3, true, false},
		"an empty page":         {[]source.Page{page("2", 0, "a"), page("3", 0), page("", 0, "b")}, 0, 2, true, false},
		"bad at first":          {[]source.Page{page("2", 1, "a"), page("", 0, "b")}, 0, 2, false, true},
		"bad at last":           {[]source.Page{page("2", 0, "a"), page("", 1, "b")}, 0, 2, false, true},
		"to itself":             {[]source.Page{page("2", 0, "a"), page("2", 0, "b")}, 0, 2, false, true},
		"many pages, one new":   {[]source.Page{page("2", 0, "a"), page("3", 0)}, mostPagesWithoutNew, 1, false, false},
		"many pages, none new":  {[]source.Page{page("2", 0)}, mostPagesWithoutNew, 0, false, true},
		"nearly many, none new": {[]source.Page{page("2", 0)}, mostPagesWithoutNew - 1, 0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, st, l, now := steadyState(t)
			s.ledger = newLedgerModel()
			l.pagesWithoutNew = test.begin
			listedTo := l.span.From
			st.listedTo = listedTo
			for _, p := range test.pages {
				s.taskFinished(result{task: task{kind: listPage, stream: st, listing: l}, page: p}, now)
			}
			if len(st.items) != test.items || l.failures > 0 != test.failed {
				t.Errorf("%d items, %d failures", len(st.items), l.failures)
			}
			for _, i := range st.items {
				if done := s.ledger.Completed(st.id); len(done) > 0 {
					t.Errorf("complete before its items are delivered: %v", done)
				}
				s.itemDelivered(i)
			}
			if done := s.ledger.Completed(st.id); len(done) > 0 != test.complete {
				t.Errorf("complete: %v", done)
			}
			if !st.listedTo.Equal(listedTo) {
				t.Errorf("a listing of the backlog moves the end of the newest one")
			}
		})
	}
}

// A listing completes its span but for the seconds of what another one has found there
// meanwhile, which the other completes.
func TestListingsCompleteWhatIsDelivered(t *testing.T) {
	s, st, l, now := steadyState(t)
	within := l.span.From.Add(10 * time.Minute)
	other := st.newListing(source.Span{From: l.span.From.Add(-time.Hour), To: l.span.To})
	s.itemListed(st, l, source.Item{ContentType: st.id.ContentType, ID: "slow", Created: within.Add(time.Minute), Expires: now.Add(time.Hour).UTC()}, now)
	s.itemListed(st, other, source.Item{ContentType: st.id.ContentType, ID: "late", Created: within, Expires: now.Add(time.Hour).UTC()}, now)
	l.allPagesRead, other.allPagesRead = true, true
	s.itemDelivered(st.items["slow"])
	want := []source.Span{{From: l.span.From, To: within}, {From: within.Add(time.Second), To: l.span.To}}
	if got := s.ledger.Completed(st.id); !slices.Equal(got, want) {
		t.Errorf("%v are complete, want %v", got, want)
	}
	s.itemDelivered(st.items["late"])
	if got := s.ledger.Completed(st.id); !slices.Equal(got, []source.Span{other.span}) {
		t.Errorf("%v are complete, want %v", got, other.span)
	}
}

// Of a page, items before the span are left to the listing of what is before it. One
// whose time is not known is taken.
func TestItemsOfAPage(t *testing.T) {
	for name, test := range map[string]struct {
		created func(span source.Span) time.Time
		taken   bool
	}{
		"before the span": {func(span source.Span) time.Time { return span.From.Add(-time.Nanosecond) }, false},
		"at its start":    {func(span source.Span) time.Time { return span.From }, true},
		"at its end":      {func(span source.Span) time.Time { return span.To }, true},
		"behind it":       {func(span source.Span) time.Time { return span.To.Add(time.Hour) }, true},
		"without a time":  {func(source.Span) time.Time { return time.Time{} }, true},
	} {
		s, st, l, now := steadyState(t)
		page := source.Page{Date: now, Items: []source.Item{{ContentType: activity.Exchange, ID: "id", Created: test.created(l.span)}}}
		s.taskFinished(result{task: task{kind: listPage, stream: st, listing: l}, page: page}, now)
		if taken := len(st.items) > 0; taken != test.taken {
			t.Errorf("%s: taken %t", name, taken)
		}
	}
}
