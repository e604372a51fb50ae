package collector

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// state is all that a collector decides by. Its methods are called by one goroutine;
// they read no clock and wait for nothing.
type state struct {
	cfg         Config
	source      source.Source // for its methods Decide and Explain only
	sink        Sink
	ledger      Ledger
	monitor     Monitor
	onDelivered func(i *item) // called by the sink, in any goroutine; it queues the item for itemDelivered
	log         logging.Logger

	streams        []*stream
	firstStream    int       // index of the stream whose turn it is, modulo their number
	readyStreams   []*stream // memory of ready, reused
	downloads      int       // under way
	downloadsBegun int       // since the start

	// The list of subscriptions is read once.
	subscriptionsKnown bool
	subscriptionsBusy  bool

	pausedUntil time.Time // no request before, after a failure of the whole tenant
	failures    int       // of signing in or listing subscriptions, in a row
	throttling  throttling

	serviceClock serviceClock
	lastNext     time.Time      // the last call of next
	random       func() float64 // in [0, 1)

	reportedSkew time.Duration // last; 0: it is small
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

// discardedMetrics are for a collector without metrics.
func discardedMetrics(cfg Config) *metrics.Tenant {
	var types []string
	for _, t := range cfg.ContentTypes {
		types = append(types, t.Name)
	}
	return metrics.New([]string{cfg.Tenant}, types).Tenant(cfg.Tenant)
}

// beginStreams schedules a first listing of the newest content of every stream. Its
// answer, or an earlier one, has the service's date, by which openStreams goes on.
func (s *state) beginStreams(now time.Time) {
	s.serviceClock = newServiceClock(now)
	for _, st := range s.streams {
		st.since = wholeSecond(now.Add(-min(s.lookback(st), leastPollSpan)))
		st.listedTo = st.since
		st.nextPoll, st.nextDaySweep, st.nextRetentionSweep = now, now.Add(daySweepInterval), now.Add(retentionSweepInterval)
	}
}

// lookback is how far back the first run of a stream begins.
func (s *state) lookback(st *stream) time.Duration { return min(s.cfg.Lookback, st.limits.Retention) }

// tenant is the stream that stands for all of the tenant.
func (s *state) tenant() source.Stream { return source.Stream{Tenant: s.cfg.Tenant} }

// streamName is the stream's name in log lines.
func (s *state) streamName(st *stream) string { return s.cfg.Tenant + " " + st.id.ContentType }
