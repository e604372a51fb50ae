package collector

import (
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

// idle tells that everything is listed and nothing of it is left to be
// delivered.
func (s *stream) idle() bool {
	return len(s.items) == 0 && len(s.backlog) == 0 && s.latest == nil
}
