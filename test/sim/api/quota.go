package api

import (
	"sync"
	"time"
)

// Quota limits the requests of a tenant. What exceeds it is answered with AF429
// in an HTTP 403, before the operation starts.
type Quota struct {
	PerMinute int  // 0 is no limit
	Sliding   bool // any 60 seconds; else the minutes of the clock
	Harsh     bool // refused requests count too
}

type quota struct {
	Quota
	mu   sync.Mutex
	used map[string][]time.Time // of each tenant, in order
}

func newQuota(q Quota) *quota { return &quota{Quota: q, used: map[string][]time.Time{}} }

// take counts a request and reports whether it is within the quota.
func (q *quota) take(tenant string, now time.Time) bool {
	if q.PerMinute <= 0 {
		return true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	since := now.Truncate(time.Minute)
	if q.Sliding {
		since = now.Add(-time.Minute)
	}
	used := q.used[tenant]
	for len(used) > 0 && used[0].Before(since) {
		used = used[1:]
	}
	ok := len(used) < q.PerMinute
	if ok || q.Harsh {
		used = append(used, now)
	}
	q.used[tenant] = used
	return ok
}
