package collector

import (
	"container/heap"
	"time"
)

// next returns the task to start first at now, or nil if there is none, and when
// there may be another unless something else happens before. In this order: the
// list of subscriptions, subscription starts and latest listings, downloads of
// latest items, listings of the backlog, downloads of the backlog.
func (s *state) next(now time.Time) (*task, time.Time) {
	wake := now.Add(longestIdle)
	s.noticeSleep(now)
	if now.Before(s.pausedUntil) {
		return nil, earlier(wake, s.pausedUntil)
	}
	if !s.subscriptionsKnown {
		if s.subscriptionsBusy {
			return nil, wake
		}
		return &task{kind: listSubscriptions}, wake
	}
	ready := s.ready(now, &wake)
	for _, st := range ready {
		if t := s.startOrPoll(st, now, &wake); t != nil {
			return t, wake
		}
	}
	if t := s.nextDownload(ready, true); t != nil {
		return t, wake
	}
	for _, st := range ready {
		if t := s.nextPage(st, now, &wake); t != nil {
			return t, wake
		}
	}
	if t := s.nextDownload(ready, false); t != nil {
		return t, wake
	}
	return nil, wake
}

// ready queues due sweeps and retries, and returns the streams that are not paused.
// They take turns at being the first. The slice is valid until the next call.
func (s *state) ready(now time.Time, wake *time.Time) []*stream {
	ready := s.readyStreams[:0]
	for i := range s.streams {
		st := s.streams[(s.firstStream+i)%len(s.streams)]
		if now.Before(st.pausedUntil) {
			*wake = earlier(*wake, st.pausedUntil)
			continue
		}
		s.sweep(st, now)
		if len(st.items) >= s.cfg.MostEntries {
			s.evictFailing(st)
		}
		st.enqueueDueRetries(now)
		if st.subscribed {
			*wake = earlier(*wake, st.nextPoll)
		}
		if len(st.retries) > 0 {
			*wake = earlier(*wake, st.retries[0].notBefore)
		}
		ready = append(ready, st)
	}
	s.readyStreams = ready
	return ready
}

// startOrPoll returns what goes before any download: the start of the subscription,
// or the next page of the latest listing.
func (s *state) startOrPoll(st *stream, now time.Time, wake *time.Time) *task {
	switch {
	case st.requestBusy:
		return nil
	case !st.subscribed:
		if nextStart := st.startedAt.Add(st.limits.StartPause); !st.startedAt.IsZero() && now.Before(nextStart) {
			*wake = earlier(*wake, nextStart)
			return nil
		}
		return &task{kind: startSubscription, stream: st}
	case st.latestListing != nil:
		if len(st.items) < s.cfg.MostEntries {
			return st.pageTask(st.latestListing, now, wake)
		}
	}
	return nil
}

// nextPage returns the next page of the first listing of the backlog that does not
// keep failing, unless enough items of the backlog wait already.
func (s *state) nextPage(st *stream, now time.Time, wake *time.Time) *task {
	if st.requestBusy || !st.subscribed || len(st.items) >= s.cfg.MostEntries || len(st.backlogItems)+len(st.retries) >= mostBacklogItems {
		return nil
	}
	for _, l := range st.backlogListings {
		t := st.pageTask(l, now, wake)
		if t != nil || l.failures < persistentFailures && !l.rereadPage && !l.endedBadly { // it keeps its place, since it is the oldest
			return t
		}
	}
	return nil
}

// pageTask returns the listing's next page, if it is due.
func (st *stream) pageTask(l *listing, now time.Time, wake *time.Time) *task {
	switch {
	case l.rereadPage && l.undelivered > 0:
		return nil
	case now.Before(l.notBefore):
		*wake = earlier(*wake, l.notBefore)
		return nil
	}
	return &task{kind: listPage, stream: st, listing: l}
}

// taskStarted records that the task which next returned is under way.
func (s *state) taskStarted(t *task) {
	switch t.kind {
	case listSubscriptions:
		s.subscriptionsBusy = true
	case startSubscription, listPage:
		t.stream.requestBusy = true
		s.firstStream++
	case downloadItem:
		heap.Pop(t.stream.queue(t.item.latest))
		s.downloads++
		s.downloadsBegun++
		t.stream.downloads++
		t.stream.lastDownload = s.downloadsBegun
	}
}
