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

	streams   []*stream
	turn      int       // stream that is looked at first
	able      []*stream // those that may be worked on, until the next look
	downloads int       // under way
	served    int       // downloads begun

	// The list of subscriptions, once per start and after trouble.
	subscriptionsKnown bool
	subscriptionsBusy  bool

	until    time.Time // no request before: nobody can sign in
	failures int       // of signing in or listing subscriptions, in a row
	refusals refusals

	begun   time.Time
	service clock
	random  func() float64

	skewReported time.Duration
	dateWarned   time.Time
}

// next returns the task that is to be done first at now, or nil, and when
// another may be (unless something else happens before).
func (s *state) next(now time.Time) (*task, time.Time) {
	wake := now.Add(longestRest)
	if now.Before(s.until) {
		return nil, earlier(wake, s.until)
	}
	if !s.subscriptionsKnown {
		if s.subscriptionsBusy {
			return nil, wake
		}
		return &task{kind: subscriptions}, wake
	}
	ready := s.ready(now, &wake)
	for _, st := range ready {
		if t := s.urgent(st, now, &wake); t != nil {
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
	ready := s.able[:0]
	for i := range s.streams {
		st := s.streams[(s.turn+i)%len(s.streams)]
		if now.Before(st.until) {
			*wake = earlier(*wake, st.until)
			continue
		}
		s.sweep(st, now)
		if len(st.items) >= s.cfg.MostEntries {
			s.evict(st)
		}
		st.ripen(now)
		if st.subscribed {
			*wake = earlier(*wake, st.pollAt)
		}
		if len(st.waiting) > 0 {
			*wake = earlier(*wake, st.waiting[0].at)
		}
		ready = append(ready, st)
	}
	s.able = ready
	return ready
}

// urgent returns what goes before any download: starting the subscription,
// listing the newest content.
func (s *state) urgent(st *stream, now time.Time, wake *time.Time) *task {
	switch {
	case st.busy:
		return nil
	case !st.subscribed:
		if again := st.startedAt.Add(st.limits.StartPause); !st.startedAt.IsZero() && now.Before(again) {
			*wake = earlier(*wake, again)
			return nil
		}
		return &task{kind: start, stream: st}
	case st.fresh != nil:
		if len(st.items) < s.cfg.MostEntries {
			return st.page(st.fresh, now, wake)
		}
	}
	return nil
}

// nextPage returns the listing of the oldest span that does not keep failing,
// unless enough of the backlog waits already.
func (s *state) nextPage(st *stream, now time.Time, wake *time.Time) *task {
	if st.busy || !st.subscribed || len(st.items) >= s.cfg.MostEntries || len(st.older)+len(st.waiting) >= mostOlder {
		return nil
	}
	for _, l := range st.backlog {
		t := st.page(l, now, wake)
		if t != nil || l.failures < silentFailures && !l.again && !l.spoiled { // it is worth waiting for
			return t
		}
	}
	return nil
}

// page returns the listing's next page, if it is time for it.
func (st *stream) page(l *listing, now time.Time, wake *time.Time) *task {
	switch {
	case l.again && l.open > 0:
		return nil
	case now.Before(l.at):
		*wake = earlier(*wake, l.at)
		return nil
	}
	return &task{kind: list, stream: st, listing: l}
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
		lane := *st.lane(fresh)
		if len(lane) == 0 || s.downloads >= places && st.downloads > 0 {
			continue
		}
		if first == nil || st.downloads < first.stream.downloads ||
			st.downloads == first.stream.downloads && st.served < first.stream.served {
			first = lane[0]
		}
	}
	if first == nil {
		return nil
	}
	return &task{kind: download, stream: first.stream, item: first}
}

func (st *stream) lane(fresh bool) *queue {
	if fresh {
		return &st.freshest
	}
	return &st.older
}

// started says that the task which next returned has begun.
func (s *state) started(t *task) {
	switch t.kind {
	case subscriptions:
		s.subscriptionsBusy = true
	case start, list:
		t.stream.busy = true
		s.turn++
	case download:
		heap.Pop(t.stream.lane(t.item.fresh))
		s.downloads++
		s.served++
		t.stream.downloads++
		t.stream.served = s.served
	}
}

// begin sets the streams up for a first listing, of the newest content; its
// answer, if not an earlier one, opens them by the service's time.
func (s *state) begin(now time.Time) {
	s.begun = now
	s.service = newClock(now)
	for _, st := range s.streams {
		st.since = second(now.Add(-min(s.lookback(st), newest)))
		st.listedTo = st.since
		st.pollAt, st.dayAt, st.weekAt = now, now.Add(dayInterval), now.Add(weekInterval)
	}
}

// lookback is how far back a stream begins that was never collected.
func (s *state) lookback(st *stream) time.Duration { return min(s.cfg.Lookback, st.limits.Retention) }

// missed reports what became available while nobody collected and is older
// than the service keeps.
func (s *state) missed(st *stream, now time.Time) {
	covers := s.ledger.Completed(st.id)
	from := st.since
	if len(covers) > 0 && covers[0].From.After(from) {
		from = covers[0].From // what was complete before has been forgotten
	}
	s.gaps(st, source.Span{From: from, To: st.oldest(s.clock(now))}, cutTolerance,
		"nothing was collected for longer than the service keeps content", now)
}

func newState(cfg Config, from source.Source, sink Sink, l Ledger, monitor Monitor, log logging.Logger, random func() float64) *state {
	if cfg.App == nil {
		cfg.App = func() string { return "" }
	}
	if cfg.MostEntries == 0 {
		cfg.MostEntries = mostEntries
	}
	if cfg.Metrics == nil {
		cfg.Metrics = uncounted(cfg)
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

// uncounted are metrics that nobody looks at.
func uncounted(cfg Config) *metrics.Tenant {
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
