package collector

import (
	"container/heap"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// stream is one content type of the tenant: it fails, waits and recovers
// alone.
type stream struct {
	id      source.Stream
	limits  source.Limits
	since   time.Time // nothing before is collected
	metrics *metrics.Stream

	subscribed          bool
	offSince            time.Time // since when the subscription may have been off; zero: it was not
	offReason           string    // why
	startedAt           time.Time // of the last subscription start
	pausedUntil         time.Time // no request before, because of trouble
	failures            int       // in a row, of anything but blobs
	requestBusy         bool      // a start or a listing call is under way
	downloads           int       // under way
	lastDownload        int       // of the state, when its last download began
	latestHasBadEntries bool      // the last listing of the newest span had some
	latestSetAside      bool      // the last listing of the newest span was set aside

	opened       bool // by the service's time
	firstRun     bool // since was found by this run
	retryEarlyAt time.Time
	dateRechecks int // listings in a row that came early, to have more dates to compare

	failingItems int // blobs that keep failing

	polled                               bool      // once
	pollAt, daySweepAt, retentionSweepAt time.Time // when each sweep is due
	wasListed                            bool      // once since the start
	caughtUp                             bool      // everything was delivered once
	listedTo                             time.Time // end of the newest span that was listed

	latest       *listing   // the newest span, if it is not listed to its end yet
	backlog      []*listing // the other spans, oldest first
	items        map[string]*item
	latestItems  itemQueue
	backlogItems itemQueue
	retries      retryQueue
	evicted      []source.Span // times of entries that were forgotten because they failed, oldest first
}

// listing is a span that is being listed, page by page, and then waits until
// all it listed is delivered.
type listing struct {
	span         source.Span
	requestFrom  time.Time // startTime of the request
	latest       bool
	allPagesRead bool
	undelivered  int // items not yet delivered
	failures     int
	notBefore    time.Time // not before
	unproven     bool      // by a clock that may be wrong, or not all of it was kept: it proves nothing
	endedBadly   bool      // it came to its end, but not to a proper one: a page that is read is no success
	paging
}

// item is a blob that is not delivered yet.
type item struct {
	stream          *stream
	content         source.Item
	delivery        Delivery
	latest          bool
	listedAt        time.Time // when it was listed
	listings        []*listing
	failures        int
	reportedFailing bool // as one that keeps failing
	absentAnswers   int
	notBefore       time.Time // not before
}

// span is of which time the content is: when it became available, or what was
// listed, if the service says no time that can be.
func (i *item) span() source.Span {
	created := wholeSecond(i.content.Created)
	if len(i.listings) == 0 || !created.Before(i.listings[0].span.From.Add(-i.stream.limits.Retention)) && !created.After(i.listedAt.Add(i.stream.limits.Retention)) {
		return source.Span{From: created, To: created.Add(time.Second)}
	}
	return i.listings[0].span
}

// expires tells until when the service keeps the blob.
func (i *item) expires() time.Time {
	if !i.content.Expires.IsZero() {
		return i.content.Expires
	}
	return i.listedAt.Add(i.stream.limits.Retention)
}

// mostEntries is how many entries of a stream may wait for their download unless
// Config says otherwise; of a backlog it is mostOlder. Pages are not listed
// further beyond.
const (
	defaultMostEntries = 4000
	mostBacklogItems   = 500
)

func (s *stream) enqueue(i *item) {
	if i.latest {
		heap.Push(&s.latestItems, i)
	} else {
		heap.Push(&s.backlogItems, i)
	}
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

// idle tells that everything is listed and nothing of it is left to be
// delivered.
func (s *stream) idle() bool {
	return len(s.items) == 0 && len(s.backlog) == 0 && s.latest == nil
}

// itemQueue orders items by when they became available.
type itemQueue []*item

func (q itemQueue) Len() int           { return len(q) }
func (q itemQueue) Less(i, j int) bool { return q[i].content.Created.Before(q[j].content.Created) }
func (q itemQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *itemQueue) Push(x any)        { *q = append(*q, x.(*item)) }
func (q *itemQueue) Pop() any          { return popLast((*[]*item)(q)) }

// retryQueue orders items by when they may be tried again.
type retryQueue []*item

func (r retryQueue) Len() int           { return len(r) }
func (r retryQueue) Less(i, j int) bool { return r[i].notBefore.Before(r[j].notBefore) }
func (r retryQueue) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *retryQueue) Push(x any)        { *r = append(*r, x.(*item)) }
func (r *retryQueue) Pop() any          { return popLast((*[]*item)(r)) }

func popLast(items *[]*item) *item {
	last := len(*items) - 1
	i := (*items)[last]
	(*items)[last] = nil
	*items = (*items)[:last]
	return i
}
