package collector

import (
	"container/heap"
	"time"
)

// next returns the task that is to be done first at now, or nil, and when
// another may be (unless something else happens before).
func (s *state) next(now time.Time) (*task, time.Time) {
	wake := now.Add(longestIdle)
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

// ready returns the streams that may be worked on, in turn, with their due
// sweeps and retries queued.
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
			*wake = earlier(*wake, st.pollAt)
		}
		if len(st.retries) > 0 {
			*wake = earlier(*wake, st.retries[0].notBefore)
		}
		ready = append(ready, st)
	}
	s.readyStreams = ready
	return ready
}

// startOrPoll returns what goes before any download: starting the subscription,
// listing the newest content.
func (s *state) startOrPoll(st *stream, now time.Time, wake *time.Time) *task {
	switch {
	case st.requestBusy:
		return nil
	case !st.subscribed:
		if again := st.startedAt.Add(st.limits.StartPause); !st.startedAt.IsZero() && now.Before(again) {
			*wake = earlier(*wake, again)
			return nil
		}
		return &task{kind: startSubscription, stream: st}
	case st.latest != nil:
		if len(st.items) < s.cfg.MostEntries {
			return st.dueTask(st.latest, now, wake)
		}
	}
	return nil
}

// nextPage returns the listing of the oldest span that does not keep failing,
// unless enough of the backlog waits already.
func (s *state) nextPage(st *stream, now time.Time, wake *time.Time) *task {
	if st.requestBusy || !st.subscribed || len(st.items) >= s.cfg.MostEntries || len(st.backlogItems)+len(st.retries) >= mostBacklogItems {
		return nil
	}
	for _, l := range st.backlog {
		t := st.dueTask(l, now, wake)
		if t != nil || l.failures < reportAfterFailures && !l.rereadPage && !l.endedBadly { // it is worth waiting for
			return t
		}
	}
	return nil
}

// dueTask returns the listing's next page, if it is time for it.
func (st *stream) dueTask(l *listing, now time.Time, wake *time.Time) *task {
	switch {
	case l.rereadPage && l.undelivered > 0:
		return nil
	case now.Before(l.notBefore):
		*wake = earlier(*wake, l.notBefore)
		return nil
	}
	return &task{kind: listPage, stream: st, listing: l}
}

// taskStarted says that the task which next returned has begun.
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
