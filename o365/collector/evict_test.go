package collector

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

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
