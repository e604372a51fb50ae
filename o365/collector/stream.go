package collector

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// stream is the state of one content type, which fails, waits and recovers by itself.
type stream struct {
	id      source.Stream
	limits  source.Limits
	metrics *metrics.Stream

	// The subscription.
	subscribed bool
	startedAt  time.Time // last
	offSince   time.Time // since when it may have been off, for a gap; zero: it was not
	offReason  string    // of the gap

	// The pause after failures, but not those of one listing or item.
	pausedUntil time.Time
	failures    int // in a row

	// What is under way.
	requestBusy  bool // a start or a page of a listing
	downloads    int
	lastDownload int // state.downloadsBegun when the last one began

	// The service's clock.
	opened       bool        // set up by the service's time
	since        time.Time   // nothing before is collected
	firstRun     bool        // this run determined since
	noGapBefore  time.Time   // start of what could be listed when the stream was opened, or the clock put right
	unlisted     source.Span // cannot be listed any more, which is still to be reported
	dateRechecks int         // polls in a row that were early, for the sake of their dates

	// When each sweep is due.
	nextPoll, nextDaySweep, nextRetentionSweep time.Time
	polledOnce                                 bool

	// The listings of which pages are to be read.
	latestListing       *listing   // of the newest span; nil: it is read to its end
	backlogListings     []*listing // of other spans, in the order in which they are read
	latestHasBadEntries bool       // the last latest listing had some
	latestSetAside      bool       // the last latest listing was set aside
	listedTo            time.Time  // end of the newest span that was listed
	wasListed           bool       // once since the start

	// The items that are not delivered yet.
	items          map[string]*item // by id
	latestItems    itemQueue        // of items
	backlogItems   itemQueue        // of items
	retries        retryQueue       // of items
	nextEarlyRetry time.Time
	failingItems   int                  // whose download keeps failing
	evicted        []source.Span        // of items that were evicted, oldest first
	lostItems      map[string]time.Time // given up, by id: when each may be tried again
	refusals       int                  // answers in a row that listed items are gone, of any of them
	caughtUp       bool                 // everything was delivered once since the start
}

// idle reports whether everything is listed, and all of it delivered.
func (st *stream) idle() bool {
	return len(st.items) == 0 && len(st.backlogListings) == 0 && st.latestListing == nil
}
