package collector

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

const year = 365 * 24 * time.Hour

// Whatever wait any answer asks for, it is reported at once where it stops the
// tenant, and two polls after the service has recovered all is delivered.
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
		{"503 of items", source.OpDownload, &source.Error{Status: 503, RetryAfter: year}, nil},
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
				for _, item := range s.items {
					late := b.deliveredAt(item.ID).Sub(right)
					if late > 2*time.Minute+10*time.Second {
						t.Errorf("item %s (the last is %s) was delivered %v after the service had recovered", item.ID, last, late)
					}
				}
			})
		})
	}
}
