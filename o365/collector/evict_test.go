package collector

import (
	"container/heap"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// Items whose downloads always fail do not keep others from being listed.
func TestEvictedItemsAreListedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		for n := range 300 {
			s.add(activity.Exchange, time.Now().Add(-time.Duration(n)*time.Second-time.Second), 0)
		}
		s.fail(fault(source.OpDownload, errReset))
		stop := collectFrom(s, b, r, func(c *Config) { c.MostEntries, c.PollInterval = 50, 5*time.Minute })
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

// Items that were evicted and fail until they expire are in a gap that the same run
// reports.
func TestEvictedItemsThatExpireAreGaps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		var ids []string
		for n := range 180 {
			ids = append(ids, s.add(activity.Exchange, time.Now().Add(-time.Duration(n)*time.Minute-time.Second), 0))
		}
		s.fail(fault(source.OpDownload, errReset))
		stop := collectFrom(s, b, r, func(c *Config) { c.MostEntries, c.PollInterval = 30, 10*time.Minute })
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
			t.Errorf("%d of %d items that were never delivered are in none of %d gaps", missing, len(ids), len(gaps))
		}
		var lost time.Duration
		for _, g := range gaps {
			lost += g.Span.To.Sub(g.Span.From)
		}
		if lost > 4*time.Hour {
			t.Errorf("gaps of %v for content of 3h", lost)
		}
	})
}

// Only items that keep failing are evicted; their times take little memory.
func TestWhichItemsAreEvicted(t *testing.T) {
	s, st, l, now := steadyState(t)
	for n := range 60 {
		s.itemListed(st, l, source.Item{ContentType: st.id.ContentType, ID: fmt.Sprint(n), Created: now.Add(-time.Duration(n) * 10 * time.Second)}, now)
		i := st.items[fmt.Sprint(n)]
		if i.failures = persistentFailures + n%2; n%2 > 0 {
			s.downloadFails(i, errReset)
		}
		st.retryAt(i, now.Add(time.Duration(n%7)*time.Second))
	}
	st.backlogItems = nil
	s.evictFailing(st)
	if len(st.items) != 30 || len(st.retries) != 30 || len(st.evicted) != 1 || !l.unproven || len(s.holds()) > 0 {
		t.Errorf("%d items are left, %d of them to retry; evicted %v; unproven %t; %v", len(st.items), len(st.retries), st.evicted, l.unproven, s.holds())
	}
	for before := now; len(st.retries) > 0; before = now {
		i := heap.Pop(&st.retries).(*item)
		if now = i.notBefore; now.Before(before) && len(st.retries) < 29 || i.failures != persistentFailures {
			t.Errorf("after %d failures, due %v", i.failures, now)
		}
	}
}

// Evicted items are lost once the last of them, or of their first hour, is too old.
func TestWhenEvictedItemsAreLost(t *testing.T) {
	s, st, _, now := steadyState(t)
	s.ledger = newLedgerModel()
	begin := st.earliestStart(now)
	st.evicted = []source.Span{{From: begin, To: begin.Add(90 * time.Minute)}, {From: begin.Add(2 * time.Hour), To: begin.Add(2*time.Hour + time.Second)}}
	for _, step := range []struct{ minutes, gaps int }{{0, 0}, {59, 0}, {60, 1}, {89, 1}, {90, 2}, {120, 2}, {121, 3}} {
		s.reportEvictedGaps(st, now.Add(time.Duration(step.minutes)*time.Minute))
		if gaps := s.ledger.Gaps(st.id); len(gaps) != step.gaps {
			t.Errorf("after %d minutes: gaps %v", step.minutes, gaps)
		}
	}
	if len(st.evicted) > 0 {
		t.Errorf("%v are left", st.evicted)
	}
}
