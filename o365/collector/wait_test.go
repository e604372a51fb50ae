package collector

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

const year = 365 * 24 * time.Hour

// A service may ask for any wait: it is obeyed for 15 minutes at most, and a
// single request tries every minute.
func TestServiceWaitIsCapped(t *testing.T) {
	b := NewBudget(2000)
	b.Refused(budgetStart, budgetStart, year)
	var tried []time.Duration
	for now := budgetStart; now.Sub(budgetStart) < 20*time.Minute; {
		wait, ok := b.Take(now, true)
		if wait <= 0 && !ok {
			t.Fatalf("no wait at %v", now.Sub(budgetStart))
		}
		if ok {
			tried = append(tried, now.Sub(budgetStart))
			if now.Sub(budgetStart) >= longestServiceWait {
				break
			}
		}
		now = now.Add(wait)
	}
	if len(tried) != 15 || tried[0] != probeInterval || tried[13] != 14*time.Minute || tried[14] != longestServiceWait {
		t.Errorf("tried after %v", tried)
	}
}

func TestProbeEndsWait(t *testing.T) {
	b := NewBudget(2000)
	b.Refused(budgetStart, budgetStart, time.Hour)
	b.Accepted(budgetStart) // was under way
	probe := budgetStart.Add(probeInterval)
	if _, ok := b.Take(probe, false); !ok {
		t.Fatal("no probe after a minute")
	}
	if _, ok := b.Take(probe, false); ok {
		t.Fatal("two probes at once")
	}
	b.Refused(probe, probe.Add(time.Second), year)
	if wait, ok := b.Take(probe.Add(2*time.Second), true); ok || wait > probeInterval {
		t.Errorf("after a probe that was refused: %v, %v", wait, ok)
	}
	again := probe.Add(probeInterval)
	if _, ok := b.Take(again, false); !ok {
		t.Fatal("no further probe")
	}
	b.Accepted(again)
	if n := takeAll(b, again.Add(10*time.Second)); n < 20 {
		t.Errorf("%d requests 10 s after a probe that was accepted", n)
	}
}

// Short waits are obeyed to the end, also when there was another just before.
func TestNoProbeInShortWaits(t *testing.T) {
	b := NewBudget(2000)
	for now := budgetStart; now.Sub(budgetStart) < 10*time.Minute; now = now.Add(58 * time.Second) {
		b.Refused(now, now, 50*time.Second)
		if wait, ok := b.Take(now.Add(5*time.Second), true); ok || wait != 45*time.Second {
			t.Fatalf("at %v: %v, %v", now.Sub(budgetStart), wait, ok)
		}
	}
}

// Whatever wait any answer asks for, it is reported at once where it stops the
// tenant, and two polls after the service is right again all is delivered.
func TestRecoveryFromLongWaits(t *testing.T) {
	for _, tt := range []struct {
		name  string
		op    source.Op
		err   *source.Error
		holds []string // meanwhile
	}{
		{"AF429", "", &source.Error{Status: 403, Code: "AF429", RetryAfter: year}, of("throttled")},
		{"429", source.OpList, &source.Error{Status: 429, RetryAfter: 20 * time.Minute}, of("throttled")},
		{"503 of listings", source.OpList, &source.Error{Status: 503, RetryAfter: year}, of("Exchange listing", "SharePoint listing")},
		{"503 of blobs", source.OpDownload, &source.Error{Status: 503, RetryAfter: year}, nil},
		{"401 of listings", source.OpList, &source.Error{Status: 401, RetryAfter: year}, of("Exchange permission", "SharePoint permission")},
		{"302 of listings", source.OpList, &source.Error{Status: 302}, of("Exchange listing", "SharePoint listing")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b, r := newService(t), newLedgerModel(), newMonitorModel()
				stop := collectWith(s, b, r, NewBudget(2000), new(logLines), nil)
				time.Sleep(10 * time.Minute)
				s.fail(fault(tt.op, tt.err))
				for range 20 {
					s.add(activity.Exchange, time.Now(), 0)
					time.Sleep(2 * time.Minute)
				}
				if tt.holds != nil {
					r.want(t, tt.holds...)
				}
				s.fail(nil)
				right := time.Now()
				last := s.add(activity.SharePoint, right, 0)
				time.Sleep(4 * time.Minute)
				r.want(t)
				stop()
				b.check(t, s)
				for _, blob := range s.items {
					late := b.deliveredAt(blob.ID).Sub(right)
					if late > 2*time.Minute+10*time.Second {
						t.Errorf("blob %s (the last is %s) came %v after the service was right again", blob.ID, last, late)
					}
				}
			})
		})
	}
}
