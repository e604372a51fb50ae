// Package collector decides what to ask a source of audit content next and carries
// it out, for one tenant: subscriptions, listings, downloads.
//
// All decisions are made by [state], which knows neither goroutines nor the
// network: its method next returns the next task, and taskFinished takes the
// outcome of one. One loop, [Collector.Run], carries the tasks out.
//
// Content is listed by the time it became available. Since it may be listed late,
// by hours or days, sweeps list the newest hour at every poll, the last day every
// 30 minutes and all that the source keeps every 6 hours; items that the ledger
// knows are skipped. The latest items are downloaded first, then the backlog,
// oldest first. What fails is retried until it expires, and blocks nothing else.
//
// Words: the latest listing is that of the newest span, one for each poll, and its
// items are the latest items; all others are the backlog. An entry is an element
// of a page, which becomes a [source.Item] if it can be used.
package collector

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Config is what to collect from one tenant.
type Config struct {
	Tenant       string // its id, as log lines and streams name it
	ContentTypes []source.ContentType
	Subscribe    bool // start subscriptions, if the source has any
	// Lookback is how far back the first run of a stream begins, at most the
	// source's retention.
	Lookback     time.Duration
	PollInterval time.Duration
	// Concurrency is how many downloads run at once, except that every content type
	// may have one.
	Concurrency int
	// MostEntries is how many items of each content type may wait until they are
	// delivered before another page is listed, and how many new items of a page are
	// taken at once; 0 means 4000.
	MostEntries int
	// Metrics, if set, are updated.
	Metrics *metrics.Tenant
	// App, if set, returns the application's id, "" while it is not known, for the
	// commands in explanations of errors.
	App func() string
}

// Collector collects one tenant's content.
type Collector struct {
	cfg    Config
	source source.Source
	sink   Sink
	budget *Budget
	state  *state
	now    func() time.Time // this machine's clock

	mu             sync.Mutex
	deliveredItems []*item
	wake           chan struct{}
}

// New returns a collector that does nothing before [Collector.Run]. It uses
// [source.Subscriber] if the source implements it.
func New(cfg Config, from source.Source, sink Sink, l Ledger, budget *Budget, monitor Monitor, log logging.Logger) *Collector {
	c := &Collector{
		cfg:    cfg,
		source: from,
		sink:   sink,
		budget: budget,
		now:    time.Now,
		wake:   make(chan struct{}, 1),
	}
	c.state = newState(cfg, from, sink, l, monitor, log, rand.Float64)
	c.state.onDelivered = c.queueDelivered
	return c
}

// Run collects until ctx ends, and returns when every goroutine it started has
// ended. It must be called once. Errors are logged and reported to the Monitor. It
// panics with what a task panics with.
func (c *Collector) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	results := make(chan result)
	timer := time.NewTimer(0)
	defer timer.Stop()
	c.state.beginStreams(c.now())
	for {
		next := c.dispatch(ctx, &running, results)
		timer.Reset(next)
		select {
		case <-ctx.Done():
			return
		case r := <-results:
			c.finish(r)
		case <-c.wake:
			c.handleDelivered()
		case <-timer.C:
		}
	}
}

// longestIdle is how long the loop sleeps at most, since the clock may be set.
const longestIdle = time.Minute

// dispatch starts every task that may run now, and returns how long to wait for
// the next one.
func (c *Collector) dispatch(ctx context.Context, running *sync.WaitGroup, results chan<- result) time.Duration {
	for {
		now := c.now()
		t, wake := c.state.next(now)
		if t == nil {
			return min(max(0, wake.Sub(now)), longestIdle)
		}
		if wait, ok := c.budget.Take(now, t.urgent()); !ok {
			return min(wait, max(0, wake.Sub(now)), longestIdle)
		}
		t.sent = now
		c.state.taskStarted(t)
		running.Go(func() {
			r := c.do(ctx, t)
			select {
			case results <- r:
			case <-ctx.Done():
			}
		})
	}
}

func (c *Collector) finish(r result) {
	if r.mistake != nil {
		panic(r.mistake)
	}
	now := c.now()
	switch {
	case c.state.source.Decide(r.err) == source.Throttle:
		c.throttled(r, now)
	case r.err == nil || apiError(r.err) != nil:
		c.budget.Accepted(r.sent)
	}
	c.state.taskFinished(r, now)
}

func (c *Collector) throttled(r result, now time.Time) {
	var pause time.Duration
	if e := apiError(r.err); e != nil {
		pause = e.RetryAfter
	}
	c.state.cfg.Metrics.Throttled.Add(1)
	if c.budget.Refused(r.sent, now, pause) {
		c.state.log.Debugf("%s: throttled by the service, going on with at most %.0f requests a minute", c.cfg.Tenant, c.budget.PerMinute())
	}
}

// queueDelivered queues a delivered item for the loop. It never blocks.
func (c *Collector) queueDelivered(i *item) {
	c.mu.Lock()
	c.deliveredItems = append(c.deliveredItems, i)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Collector) handleDelivered() {
	c.mu.Lock()
	all := c.deliveredItems
	c.deliveredItems = nil
	c.mu.Unlock()
	for _, i := range all {
		c.state.itemDelivered(i)
	}
}
