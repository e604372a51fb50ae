// Package collector decides what to ask a source of audit content next and carries
// it out, for one tenant: subscriptions, listings, downloads.
//
// The decisions are those of [state], which knows neither goroutines nor the
// network: it is asked for the next task, and told how tasks ended. One loop,
// [Collector.Run], stands between it and the world.
//
// Content is listed by the time it became available. Since it may be listed
// late, by hours or days, the newest hour is listed at every poll, the last
// day every 30 minutes and all that the source keeps every 6 hours; what the ledger
// knows is skipped. Fresh blobs are downloaded first, then the others, oldest first.
// What fails is tried again until it expires, and blocks nothing else.
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

// Config says what to collect from one tenant.
type Config struct {
	Tenant       string
	ContentTypes []source.ContentType
	Subscribe    bool // start subscriptions, if the source has any
	Lookback     time.Duration
	PollInterval time.Duration
	Concurrency  int
	// MostEntries is how many entries of listings may wait for their download, for
	// each content type, before another page is listed, and how many of a page are
	// taken; 0 means 4000.
	MostEntries int
	// Metrics are counted if they are there.
	Metrics *metrics.Tenant
	// App, if set, tells the application's id once it is known, for commands
	// that people are told to run.
	App func() string
}

// Collector collects one tenant's content.
type Collector struct {
	cfg    Config
	source source.Source
	sink   Sink
	budget *Budget
	state  *state

	mu        sync.Mutex
	delivered []*item
	wake      chan struct{}
}

// New returns a collector; Run sets it going.
func New(cfg Config, from source.Source, sink Sink, l Ledger, budget *Budget, monitor Monitor, log logging.Logger) *Collector {
	c := &Collector{
		cfg:    cfg,
		source: from,
		sink:   sink,
		budget: budget,
		wake:   make(chan struct{}, 1),
	}
	c.state = newState(cfg, from, sink, l, monitor, log, rand.Float64)
	c.state.delivered = c.itemDelivered
	return c
}

// Run collects until ctx ends, and returns when all it began has stopped.
func (c *Collector) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	results := make(chan result)
	timer := time.NewTimer(0)
	defer timer.Stop()
	c.state.beginStreams(time.Now())
	for {
		next := c.dispatch(ctx, &running, results)
		timer.Reset(next)
		select {
		case <-ctx.Done():
			return
		case r := <-results:
			c.finish(r)
		case <-c.wake:
			c.takeDelivered()
		case <-timer.C:
		}
	}
}

// longestIdle bounds the pause between two looks, in case the clock is set.
const longestIdle = time.Minute

// dispatch starts every task that may run now and returns how long nothing
// else can.
func (c *Collector) dispatch(ctx context.Context, running *sync.WaitGroup, results chan<- result) time.Duration {
	for {
		now := time.Now()
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
	now := time.Now()
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

// itemDelivered takes the news that an item is delivered. It never blocks.
func (c *Collector) itemDelivered(i *item) {
	c.mu.Lock()
	c.delivered = append(c.delivered, i)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Collector) takeDelivered() {
	c.mu.Lock()
	all := c.delivered
	c.delivered = nil
	c.mu.Unlock()
	for _, i := range all {
		c.state.itemDelivered(i)
	}
}
