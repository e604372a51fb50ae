package collector

import (
	"container/heap"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// state is all that a collector knows. Its methods are called by one
// goroutine; they read no clock and wait for nothing.
type state struct {
	cfg       Config
	source    source.Source // only to ask it what errors mean
	sink      Sink
	ledger    Ledger
	monitor   Monitor
	delivered func(i *item) // called by the sink, in any goroutine
	log       logging.Logger

	streams        []*stream
	firstStream    int       // stream that is looked at first
	readyStreams   []*stream // those that may be worked on, until the next look
	downloads      int       // under way
	downloadsBegun int       // downloads begun

	// The list of subscriptions, once per start and after trouble.
	subscriptionsKnown bool
	subscriptionsBusy  bool

	pausedUntil time.Time // no request before: nobody can sign in
	failures    int       // of signing in or listing subscriptions, in a row
	throttling  throttling

	begunAt      time.Time
	serviceClock serviceClock
	random       func() float64

	reportedSkew time.Duration
	dateWarnedAt time.Time
}

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

// nextDownload returns the next download of a lane: of the stream that has the
// fewest under way, and of several of the one that has waited longest for its
// turn, as the requests may be what is short; of a stream it is the item that
// became available first. The older ones leave a place to the fresh ones. Whatever
// the places, a stream that has none under way may begin one, lest others keep it
// waiting.
func (s *state) nextDownload(ready []*stream, fresh bool) *task {
	places := s.cfg.Concurrency
	if !fresh {
		places = max(1, places-1)
	}
	var first *item
	for _, st := range ready {
		lane := *st.queue(fresh)
		if len(lane) == 0 || s.downloads >= places && st.downloads > 0 {
			continue
		}
		if first == nil || st.downloads < first.stream.downloads ||
			st.downloads == first.stream.downloads && st.lastDownload < first.stream.lastDownload {
			first = lane[0]
		}
	}
	if first == nil {
		return nil
	}
	return &task{kind: downloadItem, stream: first.stream, item: first}
}

func (st *stream) queue(fresh bool) *itemQueue {
	if fresh {
		return &st.latestItems
	}
	return &st.backlogItems
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

// beginStreams sets the streams up for a first listing, of the newest content; its
// answer, if not an earlier one, opens them by the service's time.
func (s *state) beginStreams(now time.Time) {
	s.begunAt = now
	s.serviceClock = newServiceClock(now)
	for _, st := range s.streams {
		st.since = wholeSecond(now.Add(-min(s.lookback(st), leastPollSpan)))
		st.listedTo = st.since
		st.pollAt, st.daySweepAt, st.retentionSweepAt = now, now.Add(daySweepInterval), now.Add(retentionSweepInterval)
	}
}

// lookback is how far back a stream begins that was never collected.
func (s *state) lookback(st *stream) time.Duration { return min(s.cfg.Lookback, st.limits.Retention) }

// reportMissedGaps reports what became available while nobody collected and is older
// than the service keeps.
func (s *state) reportMissedGaps(st *stream, now time.Time) {
	covers := s.ledger.Completed(st.id)
	from := st.since
	if len(covers) > 0 && covers[0].From.After(from) {
		from = covers[0].From // what was complete before has been forgotten
	}
	s.reportGaps(st, source.Span{From: from, To: st.earliestStart(s.serviceTime(now))}, cutTolerance,
		"nothing was collected for longer than the service keeps content", now)
}

func newState(cfg Config, from source.Source, sink Sink, l Ledger, monitor Monitor, log logging.Logger, random func() float64) *state {
	if cfg.App == nil {
		cfg.App = func() string { return "" }
	}
	if cfg.MostEntries == 0 {
		cfg.MostEntries = defaultMostEntries
	}
	if cfg.Metrics == nil {
		cfg.Metrics = discardedMetrics(cfg)
	}
	if _, ok := from.(source.Subscriber); !ok {
		cfg.Subscribe = false
	}
	s := &state{cfg: cfg, source: from, sink: sink, ledger: l, monitor: monitor, log: log, random: random}
	for _, t := range cfg.ContentTypes {
		s.streams = append(s.streams, &stream{
			id:         source.Stream{Tenant: cfg.Tenant, ContentType: t.Name},
			limits:     t.Limits,
			subscribed: !cfg.Subscribe,
			items:      make(map[string]*item),
			metrics:    cfg.Metrics.Stream(t.Name),
		})
	}
	s.subscriptionsKnown = !cfg.Subscribe
	return s
}

// discardedMetrics are metrics that nobody looks at.
func discardedMetrics(cfg Config) *metrics.Tenant {
	var types []string
	for _, t := range cfg.ContentTypes {
		types = append(types, t.Name)
	}
	return metrics.New([]string{cfg.Tenant}, types).Tenant(cfg.Tenant)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
