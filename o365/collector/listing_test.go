package collector

import (
	"errors"
	"fmt"
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
