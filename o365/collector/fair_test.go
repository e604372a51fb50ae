package collector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// slowSource is a service whose bodies of one content type hang until the client
// gives them up, as package activity does with an answer that drips.
type slowSource struct {
	*service
	contentType       string
	slowSubscriptions bool // the subscriptions too
}

type slowError struct{}

func (slowError) Error() string { return "the answer comes slower than 1024 bytes per second" }
func (slowError) Timeout() bool { return true }

func (s slowSource) wait(ctx context.Context) error {
	select {
	case <-time.After(time.Minute):
		return slowError{}
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s slowSource) Open(ctx context.Context, c source.Item) (io.ReadCloser, error) {
	if c.ContentType == s.contentType {
		return nil, s.wait(ctx)
	}
	return s.service.Open(ctx, c)
}

func (s slowSource) Subscriptions(ctx context.Context) ([]source.Subscription, time.Time, error) {
	if s.slowSubscriptions {
		return nil, time.Time{}, s.wait(ctx)
	}
	return s.service.Subscriptions(ctx)
}

// collectFrom is collect from another source.
func collectFrom(api source.Source, b *ledgerModel, r *monitorModel, change func(*Config)) (stop func()) {
	return collectWithin(2000, api, b, r, change)
}

// collectWithin is the same with another number of requests a minute.
func collectWithin(requests int, api source.Source, b *ledgerModel, r *monitorModel, change func(*Config)) (stop func()) {
	col := New(config(change), api, b, b, NewBudget(requests), r, new(logLines).log)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		col.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// Blobs of one content type that never end keep no other waiting, and are
// reported within minutes.
func TestSlowDownloadsOfOneType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		start := time.Now()
		for n := range 40 {
			s.add(activity.Exchange, start.Add(-time.Duration(n)*time.Minute-time.Second), 0)
		}
		stop := collectFrom(slowSource{service: s, contentType: activity.Exchange}, b, r, nil)
		time.Sleep(5 * time.Second)
		var others []string
		for range 30 {
			for range 4 {
				others = append(others, s.add(activity.SharePoint, time.Now(), 0))
			}
			time.Sleep(time.Minute)
		}
		r.want(t, "Exchange download")
		time.Sleep(2 * time.Minute)
		stop()
		for _, id := range others {
			if at := b.deliveredAt(id); at.IsZero() || at.Sub(s.created(id)) > time.Minute+10*time.Second {
				t.Errorf("a blob of %v of the other content type came at %v", s.created(id), at)
			}
		}
	})
}

func TestSlowDownloadsAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		s.add(activity.Exchange, time.Now().Add(-time.Second), 0)
		stop := collectFrom(slowSource{service: s, contentType: activity.Exchange}, b, r, nil)
		time.Sleep(3 * time.Minute)
		r.want(t, "Exchange download")
		stop()
	})
}

// A list of subscriptions that never comes keeps nothing from being collected.
func TestSubscriptionsNeverListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		s.subscribed[activity.Exchange] = true // and SharePoint has to be started
		s.add(activity.Exchange, time.Now().Add(-time.Hour), 0)
		s.add(activity.SharePoint, time.Now().Add(-time.Hour), 0)
		stop := collectFrom(slowSource{service: s, slowSubscriptions: true}, b, r, nil)
		time.Sleep(3*time.Minute + 30*time.Second)
		r.want(t, "Exchange listing", "SharePoint listing")
		time.Sleep(5 * time.Minute)
		r.want(t)
		stop()
		b.check(t, s)
		if len(b.gaps) > 0 {
			t.Errorf("gaps: %v", b.gaps)
		}
	})
}

// Very many entries of one content type leave the others their turn, wait within
// bounds, and are all delivered.
func TestManyItemsOfOneType(t *testing.T) {
	for _, pageSize := range []int{3000, 200} {
		t.Run(fmt.Sprint("pages of ", pageSize), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b, r := newService(t), newLedgerModel(), newMonitorModel()
				s.pageSize = pageSize
				start := time.Now()
				const many = 12000
				for n := range many {
					s.add(activity.Exchange, start.Add(-time.Duration(n)*time.Second-time.Second), 0)
				}
				most := 0
				b.downloadTime = func(string) time.Duration {
					b.mu.Lock()
					defer b.mu.Unlock()
					most = max(most, len(b.announced)-len(b.delivered))
					return 0
				}
				stop := collectFrom(s, b, r, func(c *Config) { c.MostEntries = 500 })
				time.Sleep(10 * time.Second)
				var others []string
				for range 20 {
					others = append(others, s.add(activity.SharePoint, time.Now(), 0))
					time.Sleep(time.Minute)
				}
				stop()
				b.check(t, s)
				if most > 2*500+500+10 { // of the newest span, of the backlog
					t.Errorf("%d entries waited at once", most)
				}
				for _, id := range others {
					if late := b.deliveredAt(id).Sub(s.created(id)); late < 0 || late > time.Minute+10*time.Second {
						t.Errorf("a blob of the other content type came %v late", late)
					}
				}
				spans := b.Completed(source.Stream{Tenant: tenant, ContentType: activity.Exchange})
				if len(spans) != 1 || spans[0].From.After(start.Add(-many*time.Second)) {
					t.Errorf("complete: %v", spans)
				}
			})
		})
	}
}

// When requests are short, a content type with very many new entries takes no more
// than its turn.
func TestManyNewItemsWithFewRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		s.pageSize = 200
		stop := collectWithin(600, s, b, r, func(*Config) {})
		time.Sleep(30 * time.Second)
		for n := range 8000 {
			s.add(activity.Exchange, time.Now().Add(-time.Duration(n)*time.Millisecond), 0)
		}
		var others []string
		for range 10 {
			others = append(others, s.add(activity.SharePoint, time.Now(), 0))
			time.Sleep(time.Minute)
		}
		for _, id := range others {
			if late := b.deliveredAt(id).Sub(s.created(id)); late < 0 || late > 2*time.Minute {
				t.Errorf("a blob of the other content type came %v late", late)
			}
		}
		time.Sleep(20 * time.Minute)
		stop()
		b.check(t, s)
	})
}

// Entries whose blobs fail for ever do not keep others from being listed.
func TestEvictedItemsAreListedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		for n := range 600 {
			s.add(activity.Exchange, time.Now().Add(-time.Duration(n)*time.Second-time.Second), 0)
		}
		s.fail(fault(source.OpDownload, errReset))
		stop := collectFrom(s, b, r, func(c *Config) { c.MostEntries = 100 })
		time.Sleep(2 * time.Hour)
		s.mu.Lock()
		first := len(s.opened)
		s.fault = nil
		s.mu.Unlock()
		time.Sleep(14 * time.Hour) // two sweeps of all seven days
		stop()
		b.check(t, s)
		if first > 0 || len(r.holds) > 0 {
			t.Errorf("%d opened, %v holds", first, r.holds)
		}
	})
}

// What was forgotten because it failed, and fails until the service does not keep
// it any more, is a gap of the run that met it.
func TestEvictedItemsThatExpireAreGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		var ids []string
		for n := range 600 {
			ids = append(ids, s.add(activity.Exchange, time.Now().Add(-time.Duration(n)*time.Minute-time.Second), 0))
		}
		s.fail(fault(source.OpDownload, errReset))
		stop := collectFrom(s, b, r, func(c *Config) { c.MostEntries = 100 })
		time.Sleep(retention + time.Hour)
		stop()
		gaps := b.Gaps(source.Stream{Tenant: tenant, ContentType: activity.Exchange})
		missing := 0
		for _, id := range ids {
			at := wholeSecond(s.created(id))
			if !slices.ContainsFunc(gaps, func(g ledger.Gap) bool { return !at.Before(g.Span.From) && at.Before(g.Span.To) }) {
				missing++
			}
		}
		if missing > 0 {
			t.Errorf("%d of %d blobs that were never delivered are in none of %d gaps", missing, len(ids), len(gaps))
		}
		var lost time.Duration
		for _, g := range gaps {
			lost += g.Span.To.Sub(g.Span.From)
		}
		if lost > 11*time.Hour {
			t.Errorf("gaps of %v for content of 10h", lost)
		}
	})
}

// A listing that goes round in circles, or on for ever, ends, is reported, and
// proves nothing; what it named is delivered.
func TestListingsThatDoNotEnd(t *testing.T) {
	for name, next := range map[string]func(n int) int{
		"to itself":   func(int) int { return 1000 },
		"in a circle": func(n int) int { return 1000 + n%7 },
		"on for ever": func(n int) int { return 1000 + n },
	} {
		t.Run(name, func(t *testing.T) {
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
				if name == "on for ever" {
					limit = 3 * time.Hour
				}
				time.Sleep(limit)
				r.want(t, "Exchange listing")
				if perMinute := float64(s.requestCount(source.OpList)) / limit.Minutes(); name != "on for ever" && perMinute > 30 {
					t.Errorf("%.0f listings a minute", perMinute)
				}
				if b.deliveredAt(id).IsZero() {
					t.Error("what was named is not delivered")
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

// brokenListing is a service whose listings of a moment do not end properly while it is
// crooked.
type brokenListing struct {
	*service
	moment time.Time
	broken atomic.Bool
	next   func() (string, error) // what comes after each of their pages
}

func (c *brokenListing) List(ctx context.Context, t string, span source.Span, next string, want source.Want) (source.Page, error) {
	if strings.HasPrefix(next, "crooked") {
		return c.nextPage(ctx)
	}
	p, err := c.service.List(ctx, t, span, next, want)
	if err == nil && t == activity.Exchange && c.broken.Load() && !c.moment.Before(span.From) && c.moment.Before(span.To) {
		p.Next = "crooked"
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

// What becomes available while the newest listing keeps failing on a later page is
// collected within two polls, and the span that failed when it can be listed again.
func TestFailingListingIsSetAside(t *testing.T) {
	n := 0
	for name, next := range map[string]func() (string, error){
		"a circle":               func() (string, error) { return "crooked", nil },
		"on for ever":            func() (string, error) { n++; return fmt.Sprint("crooked", n), nil },
		"a page that is refused": func() (string, error) { return "", &source.Error{Op: source.OpList, Status: 500} },
		"a page that is gone":    func() (string, error) { return "", &source.Error{Op: source.OpList, Status: 400, Code: "AF20031"} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b, r := newService(t), newLedgerModel(), newMonitorModel()
				s.pageSize = 100
				api := &brokenListing{service: s, moment: time.Now().Add(-time.Minute), next: next}
				api.broken.Store(true)
				first := s.add(activity.Exchange, api.moment, 0)
				stop := collectFrom(api, b, r, func(c *Config) { c.Lookback = 30 * time.Hour })
				limit, latest := 10*time.Minute, 2*time.Minute+10*time.Second
				if name == "on for ever" { // it takes its time until it is known
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
						t.Errorf("%s came %v late", id, late)
						break
					}
				}
				r.want(t, "Exchange listing")
				if perMinute := float64(s.requestCount(source.OpList)) / 110; name != "on for ever" && perMinute > 30 {
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

// Bad entries cost no others, leave their span open, and are reported until it is
// listed without any.
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
