package collector

import (
	"container/heap"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// The pauses before retries, which grow from the first to the longest.
const (
	firstRetryPause   = time.Second
	longestRetryPause = 5 * time.Minute
	// Where somebody has to change something.
	firstConfigurePause   = time.Minute
	longestConfigurePause = 15 * time.Minute
)

const (
	// urgentDownloadTries is after how many failures in a row the download of a
	// latest item is no longer retried at every poll.
	urgentDownloadTries = 12
	// refusalPatience is how long the source has to answer that a listed item is gone
	// until that is believed.
	refusalPatience = 6 * time.Hour
	// longestGonePause is the longest pause before it is asked again.
	longestGonePause = 30 * time.Minute
)

// What has failed so many times in a row keeps failing: it is reported, and others go
// ahead of it. At the start, when users watch the log, it is reported earlier.
const (
	persistentFailures        = 4
	persistentFailuresAtStart = 3
)

// backoffPause returns the pause after the n-th failure in a row (n from 1): it
// doubles from first up to most. A random part (r in [0, 1)) shortens it by up to a
// half, so that retries spread out.
func backoffPause(n int, first, most time.Duration, r float64) time.Duration {
	d := most
	if n < 32 && first<<(n-1) < most {
		d = first << (n - 1)
	}
	return d - time.Duration(r*float64(d)/2)
}

// longestUrgentPause is the longest pause of what each poll depends on, so that a
// service that has recovered is noticed within two polls.
func (s *state) longestUrgentPause() time.Duration {
	return min(max(s.cfg.PollInterval, 10*time.Second), longestRetryPause)
}

// pause is that of a stream or the tenant after the n-th failure in a row. It is
// longest after the refused start of a subscription, as Microsoft asks.
func (s *state) pause(kind taskKind, err error, n int) time.Duration {
	if s.source.Decide(err) != source.Configure {
		return s.retryPause(n, true, err)
	}
	most := longestConfigurePause
	if kind != startSubscription {
		most = s.longestUrgentPause()
	}
	return backoffPause(n, min(firstConfigurePause, most), most, s.random())
}

// retryPause is that of a request after its n-th failure in a row. Urgent is what
// each poll depends on; other requests wait for as long as the service asks.
func (s *state) retryPause(n int, urgent bool, err error) time.Duration {
	if urgent {
		return backoffPause(n, firstRetryPause, s.longestUrgentPause(), s.random())
	}
	d := backoffPause(n, firstRetryPause, longestRetryPause, s.random())
	if e := apiError(err); e != nil {
		d = max(d, min(e.RetryAfter, longestServiceWait))
	}
	return d
}

// downloadPause is that of a download after its last failure.
func (s *state) downloadPause(i *item, err error) time.Duration {
	if !i.refusedSince.IsZero() {
		return backoffPause(i.failures, firstRetryPause, longestGonePause, s.random())
	}
	return s.retryPause(i.failures, i.latest && i.failures <= urgentDownloadTries, err)
}

// retryEarly makes all retries of a stream due, after a request that had failed
// succeeded. It does so once in a poll interval, so that requests that always fail
// keep their back-off.
func (s *state) retryEarly(st *stream, now time.Time) {
	if now.Before(st.nextEarlyRetry) {
		return
	}
	st.nextEarlyRetry = now.Add(s.cfg.PollInterval)
	for _, l := range st.backlogListings {
		l.notBefore = earlier(l.notBefore, now)
	}
	for _, i := range st.retries {
		i.notBefore = earlier(i.notBefore, now)
	}
	heap.Init(&st.retries)
}

func (st *stream) retryAt(i *item, at time.Time) {
	i.notBefore = at
	heap.Push(&st.retries, i)
}

// enqueueDueRetries queues the items whose retry is due.
func (st *stream) enqueueDueRetries(now time.Time) {
	for len(st.retries) > 0 && !st.retries[0].notBefore.After(now) {
		st.enqueue(heap.Pop(&st.retries).(*item))
	}
}

// retryQueue is a heap of items, ordered by when their retry is due.
type retryQueue []*item

func (r retryQueue) Len() int { return len(r) }

func (r retryQueue) Less(i, j int) bool { return r[i].notBefore.Before(r[j].notBefore) }

func (r retryQueue) Swap(i, j int) { r[i], r[j] = r[j], r[i] }

func (r *retryQueue) Push(x any) { *r = append(*r, x.(*item)) }

func (r *retryQueue) Pop() any { return popLast((*[]*item)(r)) }
