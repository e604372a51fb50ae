package collector

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// collectCounted runs a collector of Exchange with metrics.
func collectCounted(s *service, b *ledgerModel) (m *metrics.Tenant, exchange *metrics.Stream, stop func()) {
	m = metrics.New([]string{tenant}, []string{activity.Exchange}).Tenant(tenant)
	stop = collect(s, b, new(logLines), func(c *Config) {
		c.ContentTypes, c.Metrics = contentTypes(activity.Exchange), m
	})
	return m, m.Stream(activity.Exchange), stop
}

// Items that the newest hour never listed are late. Those that it lists at a later
// poll are not, nor are those of a backfill.
func TestLateItemsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newService(t), newLedgerModel()
		now := time.Now()
		for age := time.Minute; age < 6*24*time.Hour; age += 7 * time.Hour {
			s.add(activity.Exchange, now.Add(-age), 0)
		}
		s.add(activity.Exchange, now.Add(-30*time.Hour), 40*time.Hour) // found by the week's sweep
		s.add(activity.Exchange, now.Add(-5*time.Hour), 7*time.Hour)   // by the day's
		s.add(activity.Exchange, now, 50*time.Minute)                  // in the newest hour
		_, exchange, stop := collectCounted(s, b)
		time.Sleep(time.Hour)
		if late := exchange.Late.Load(); late != 0 {
			t.Errorf("%d items are late in the first hour", late)
		}
		time.Sleep(2 * time.Hour)
		if late := exchange.Late.Load(); late != 1 {
			t.Errorf("%d items are late after the day's sweep, want 1", late)
		}
		time.Sleep(14 * time.Hour)
		stop()
		if late := exchange.Late.Load(); late != 2 {
			t.Errorf("%d items are late after the week's sweep, want 2", late)
		}
		b.check(t, s)
	})
}

func TestMetricsOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newService(t), newLedgerModel()
		b.acknowledgeDelay = 10 * time.Minute // from download to acknowledgement
		for range 5 {
			s.add(activity.Exchange, time.Now().Add(-time.Minute), 0)
		}
		begun := time.Now()
		m, exchange, stop := collectCounted(s, b)
		defer stop()
		time.Sleep(5 * time.Minute)
		if n := exchange.Pending.Load(); n != 5 {
			t.Errorf("%d items are pending, want 5", n)
		}
		if time.Since(exchange.LastSuccess.Load()) > time.Minute+time.Second || time.Since(exchange.Listed.Load()) > time.Minute+2*time.Second {
			t.Errorf("last success %v, listed to %v, now is %v", exchange.LastSuccess.Load(), exchange.Listed.Load(), time.Now())
		}
		time.Sleep(10 * time.Minute)
		if n := exchange.Pending.Load(); n != 0 {
			t.Errorf("%d items are pending when all are acknowledged", n)
		}
		if n := exchange.Retries.Load(); n != 0 {
			t.Errorf("%d retries without a fault", n)
		}

		s.fail(func(op source.Op) error {
			if op == source.OpList {
				return &source.Error{Op: op, Status: 401, Code: "AF10001"}
			}
			return nil
		})
		time.Sleep(2 * time.Minute)
		success := exchange.LastSuccess.Load()
		if exchange.Retries.Load() == 0 {
			t.Error("no retries without permission")
		}
		time.Sleep(time.Hour)
		if again := exchange.LastSuccess.Load(); !again.Equal(success) || again.Before(begun) {
			t.Errorf("the last success moved from %v to %v", success, again)
		}
		s.fail(nil)
		time.Sleep(20 * time.Minute)
		s.fail(func(op source.Op) error { return &source.Error{Op: op, Status: 403, Code: "AF429"} })
		time.Sleep(10 * time.Minute)
		if m.Throttled.Load() == 0 {
			t.Error("nothing is throttled")
		}
	})
}

// An item that expires before its download succeeds is lost, once.
func TestLostItemsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b := newService(t), newLedgerModel()
		s.add(activity.Exchange, time.Now().Add(-retention+3*time.Hour), 0)
		s.fail(func(op source.Op) error {
			if op == source.OpDownload {
				return &source.Error{Op: op, Status: 500}
			}
			return nil
		})
		_, exchange, stop := collectCounted(s, b)
		time.Sleep(2 * time.Hour)
		if exchange.Lost.Load() != 0 || exchange.Pending.Load() != 1 || exchange.Retries.Load() < 5 {
			t.Errorf("%d lost, %d pending, %d retries before it expires", exchange.Lost.Load(), exchange.Pending.Load(), exchange.Retries.Load())
		}
		time.Sleep(2 * time.Hour)
		stop()
		if exchange.Lost.Load() != 1 || exchange.Pending.Load() != 0 {
			t.Errorf("%d lost, %d pending after it has expired", exchange.Lost.Load(), exchange.Pending.Load())
		}
	})
}
