package collector

import (
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

// tenant stands for all streams.
func (s *state) tenant() source.Stream { return source.Stream{Tenant: s.cfg.Tenant} }

// streamName is how a stream is called in log lines.
func (s *state) streamName(st *stream) string { return s.cfg.Tenant + " " + st.id.ContentType }
