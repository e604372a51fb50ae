package collector

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// The pauses before an item is downloaded again for its copy alone. They are long,
// since each costs as much as the first download; once a copy succeeds, all are due.
const (
	firstKeepPause   = 15 * time.Second
	longestKeepPause = 30 * time.Minute
	// mostVersionsAtOnce is how many versions of a content are fetched one after the
	// other.
	mostVersionsAtOnce = 3
)

// notKept retries an item of which only the copy is missing, until it expires.
func (s *state) notKept(i *item, err *source.NotKept, now time.Time) {
	st := i.stream
	st.refusals = 0
	s.downloadRecovered(i)
	i.failures, i.refusedSince = 0, time.Time{}
	if !i.content.Taken {
		i.content.Taken = true
		st.metrics.ArchivePending.Add(1)
	}
	i.unkept++
	pause := time.Duration(0)
	if err.After > 0 || i.unkept > mostVersionsAtOnce { // else it is not for the storage to recover
		pause = max(err.After, backoffPause(i.unkept, firstKeepPause, longestKeepPause, s.random()))
	}
	left := i.expires().Sub(s.serviceClock.expiryTime(now))
	if pause > left && left > firstKeepPause {
		pause = left / 2
	}
	if pause > left {
		s.neverKept(i, err)
		return
	}
	s.log.Debugf("%s: blob %s: copied in %s: %v", s.streamName(st), i.content.ID, pause.Round(time.Millisecond), err)
	st.retryAt(i, now.Add(pause))
}

// neverKept lets an item count as delivered without its copy, which cannot be had any
// more.
func (s *state) neverKept(i *item, err error) {
	st := i.stream
	st.metrics.ArchiveLost.Add(1)
	s.log.Errorf("%s: blob %s of %s is not in the archive, and Microsoft does not serve it any more; its records are delivered: %v",
		s.streamName(st), i.content.ID, i.content.Created.UTC().Format(time.RFC3339), err)
	s.downloadRecovered(i)
	i.delivery.Settle()
}

// keptAtLast notes that an item's copy is there.
func (s *state) keptAtLast(i *item, now time.Time) {
	if i.content.Taken {
		s.retryEarly(i.stream, now)
	}
}
