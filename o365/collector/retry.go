package collector

import (
	"container/heap"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// The pauses of what failed.
const (
	firstRetryPause   = time.Second
	longestRetryPause = 5 * time.Minute
	// Where somebody has to change something.
	firstConfigurePause   = time.Minute
	longestConfigurePause = 15 * time.Minute
	// How often in a row fresh blobs are tried again at least at every poll.
	urgentDownloadTries = 12
	// How often a blob that does not exist (AF20050) is asked for.
	absentDownloadTries = 6
)

// backoff returns the pause after the n-th failure in a row (n from 1):
// doubling from first up to most, of which a random part (r in [0, 1)) takes
// away up to a half, so that many retries spread out.
func backoff(n int, first, most time.Duration, r float64) time.Duration {
	d := most
	if n < 32 && first<<(n-1) < most {
		d = first << (n - 1)
	}
	return d - time.Duration(r*float64(d)/2)
}

// longestUrgentPause is the longest pause of what each poll depends on: a service that
// is right again is noticed within two polls.
func (s *state) longestUrgentPause() time.Duration {
	return min(max(s.cfg.PollInterval, 10*time.Second), longestRetryPause)
}

// pause is how long a stream or the tenant waits after the n-th failure in a row.
// A subscription whose start was refused waits longer, as Microsoft wants it.
func (s *state) pause(kind taskKind, err error, n int) time.Duration {
	if s.source.Decide(err) != source.Configure {
		return s.retryPause(n, true, err)
	}
	most := longestConfigurePause
	if kind != startSubscription {
		most = s.longestUrgentPause()
	}
	return backoff(n, min(firstConfigurePause, most), most, s.random())
}

// retryPause is the pause after the n-th failure in a row. What each poll depends
// on is urgent; the rest waits for as long as the service asks.
func (s *state) retryPause(n int, urgent bool, err error) time.Duration {
	if urgent {
		return backoff(n, firstRetryPause, s.longestUrgentPause(), s.random())
	}
	d := backoff(n, firstRetryPause, longestRetryPause, s.random())
	if e := apiError(err); e != nil {
		d = max(d, min(e.RetryAfter, longestServiceWait))
	}
	return d
}

// retryEarly brings forward what waits because it failed, now that something of the
// stream works that had failed. That is done once a poll, lest what never works be
// tried all the time.
func (s *state) retryEarly(st *stream, now time.Time) {
	if now.Before(st.retryEarlyAt) {
		return
	}
	st.retryEarlyAt = now.Add(s.cfg.PollInterval)
	for _, l := range st.backlog {
		l.notBefore = earlier(l.notBefore, now)
	}
	for _, i := range st.retries {
		i.notBefore = earlier(i.notBefore, now)
	}
	heap.Init(&st.retries)
}

func (s *stream) retryAt(i *item, at time.Time) {
	i.notBefore = at
	heap.Push(&s.retries, i)
}

// enqueueDueRetries queues the items whose pause is over.
func (s *stream) enqueueDueRetries(now time.Time) {
	for len(s.retries) > 0 && !s.retries[0].notBefore.After(now) {
		s.enqueue(heap.Pop(&s.retries).(*item))
	}
}

// retryQueue orders items by when they may be tried again.
type retryQueue []*item

func (r retryQueue) Len() int { return len(r) }

func (r retryQueue) Less(i, j int) bool { return r[i].notBefore.Before(r[j].notBefore) }

func (r retryQueue) Swap(i, j int) { r[i], r[j] = r[j], r[i] }

func (r *retryQueue) Push(x any) { *r = append(*r, x.(*item)) }

func (r *retryQueue) Pop() any { return popLast((*[]*item)(r)) }
