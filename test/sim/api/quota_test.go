package api

import (
	"testing"
	"time"
)

func TestQuota(t *testing.T) {
	start := t0.Truncate(time.Minute).Add(30 * time.Second)
	type step struct {
		after time.Duration // since the step before
		n     int           // requests
		ok    int           // of them within the quota
	}
	for _, test := range []struct {
		name  string
		quota Quota
		steps []step
	}{
		{"none", Quota{}, []step{{0, 100, 100}}},
		{"minute of the clock", Quota{PerMinute: 5}, []step{{0, 7, 5}, {29 * time.Second, 1, 0}, {time.Second, 6, 5}}},
		{"any minute", Quota{PerMinute: 5, Sliding: true}, []step{{0, 3, 3}, {30 * time.Second, 3, 2}, {29 * time.Second, 1, 0}, {time.Second + 1, 4, 3}, {30 * time.Second, 3, 2}}},
		{"refused ones count", Quota{PerMinute: 2, Sliding: true, Harsh: true}, []step{{0, 3, 2}, {50 * time.Second, 1, 0}, {11 * time.Second, 2, 1}}},
	} {
		q, now := newQuota(test.quota), start
		for i, s := range test.steps {
			now = now.Add(s.after)
			ok := 0
			for range s.n {
				if q.take("a", now) {
					ok++
				}
			}
			if ok != s.ok {
				t.Errorf("%s, step %d: %d of %d, want %d", test.name, i, ok, s.n, s.ok)
			}
		}
		if test.quota.PerMinute > 0 && !q.take("b", now) {
			t.Errorf("%s: another tenant is refused", test.name)
		}
	}
}

func TestQuotaAnswer(t *testing.T) {
	sim := New(Options{Now: newClock().now, Blobs: 1, Quota: Quota{PerMinute: 1}})
	p := newProbe(t, sim)
	p.do("GET", "subscriptions/list")
	r := p.do("GET", "audit/x?PublisherIdentifier=abc")
	if r.status != 403 || r.body != `{'error':{'code':'AF429','message':'Too many requests. Method=GetBlob, PublisherId=abc'}}` {
		t.Errorf("%d %s", r.status, r.body)
	}
	if a := sim.Account(); a.Refused != 1 || a.Requests["audit"]["403 AF429"] != 1 || a.PeakInMinute != 2 {
		t.Errorf("%+v", a)
	}
}
