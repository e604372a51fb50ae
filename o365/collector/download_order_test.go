package collector

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

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
		var latest []string
		for range 40 {
			time.Sleep(time.Minute)
			latest = append(latest, s.add(activity.Exchange, time.Now(), 0))
		}
		time.Sleep(2 * time.Hour)
		stop()
		b.check(t, s)
		for _, id := range latest {
			created := s.items[slices.IndexFunc(s.items, func(m modelItem) bool { return m.ID == id })].Created
			if late := b.delivered[id].Sub(created); late > time.Minute+10*time.Second {
				t.Errorf("item %s was delivered %s after it became available", id, late)
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

// Neither a small quota nor slow downloads of a backfill delay the latest items.
func TestLatestItemsDoNotWait(t *testing.T) {
	for _, test := range []struct {
		name    string
		ceiling int
		quota   int
		slow    time.Duration // downloads of the backfill
		poll    time.Duration
		least   int // downloads
	}{
		{"tiny budget", 1, 0, 0, 10*time.Minute + 13*time.Second, 36},
		{"small budget", 20, 0, 0, time.Minute, 300},
		{"small quota", 2000, 200, 0, time.Minute, 3500},
		{"slow downloads", 2000, 0, 10 * time.Minute, time.Minute, 40},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b := newService(t), newLedgerModel()
				s.pageSize, s.perMinute = 100, test.quota
				start := time.Now()
				for n := range 6000 {
					s.add(activity.Exchange, start.Add(-retention+2*time.Hour+time.Duration(n)*time.Minute), 0)
				}
				b.downloadTime = func(id string) time.Duration {
					if created := s.created(id); created.Before(start) {
						return test.slow
					}
					return 0
				}
				stop := collectUnder(s, b, new(logLines), NewBudget(test.ceiling), func(c *Config) { c.PollInterval = test.poll })
				defer stop()
				time.Sleep(10 * time.Minute)
				var latest []string
				for range 12 {
					time.Sleep(77 * test.poll / 60)
					latest = append(latest, s.add(activity.Exchange, time.Now(), 0), s.add(activity.Exchange, time.Now(), 0), s.add(activity.SharePoint, time.Now(), 0))
				}
				time.Sleep(2 * test.poll)
				for _, id := range latest {
					if late := b.deliveredAt(id).Sub(s.created(id)); late < 0 || late > test.poll+5*time.Second {
						t.Errorf("item %s was delivered %s after it became available", id, late)
					}
				}
				if n := s.requestCount(source.OpDownload); n < test.least {
					t.Errorf("%d items were downloaded, want at least %d", n, test.least)
				}
			})
		})
	}
}

// Downloads of one content type that never end delay no other, however few may run at
// once, and are reported within minutes.
func TestSlowDownloadsOfOneType(t *testing.T) {
	for _, concurrency := range []int{1, 4} {
		t.Run(fmt.Sprint(concurrency, " at once"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { slowDownloadsOfOneType(t, concurrency) })
		})
	}
}

func slowDownloadsOfOneType(t *testing.T, concurrency int) {
	s, b, r := newService(t), newLedgerModel(), newMonitorModel()
	start := time.Now()
	for n := range 40 {
		s.add(activity.Exchange, start.Add(-time.Duration(n)*time.Minute-time.Second), 0)
	}
	stop := collectFrom(slowSource{service: s, contentType: activity.Exchange}, b, r, func(c *Config) { c.Concurrency = concurrency })
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
			t.Errorf("an item of %v of the other content type was delivered at %v", s.created(id), at)
		}
	}
}

// Very many items of one content type leave the others their turn, wait within
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
					most = max(most, b.announced-len(b.delivered))
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
					t.Errorf("%d items waited at once", most)
				}
				for _, id := range others {
					if late := b.deliveredAt(id).Sub(s.created(id)); late < 0 || late > time.Minute+10*time.Second {
						t.Errorf("an item of the other content type was delivered %v late", late)
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

// When requests are short, a content type with very many new items takes no more
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
				t.Errorf("an item of the other content type was delivered %v late", late)
			}
		}
		time.Sleep(20 * time.Minute)
		stop()
		b.check(t, s)
	})
}

// Where one download runs at a time, the content types take turns, however old their items.
func TestDownloadsTakeTurns(t *testing.T) {
	s, _, l, now := steadyState(t)
	l.latest = true
	for n, st := range s.streams {
		for i := range 3 {
			s.itemListed(st, l, source.Item{ContentType: st.id.ContentType, ID: fmt.Sprint(st.id.ContentType, i), Created: l.span.From.Add(time.Duration(10*n+i) * time.Minute)}, now)
		}
	}
	var order []string
	for range 6 {
		task := s.nextDownload(s.streams, true)
		s.taskStarted(task)
		order = append(order, task.stream.id.ContentType)
		s.taskFinished(result{task: *task}, now)
	}
	for i, name := range order[1:] {
		if name == order[i] {
			t.Fatalf("downloads of %q", order)
		}
	}
}
