package delivery

import (
	"fmt"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// committer writes to the ledger what was acknowledged, in a goroutine of its own, so
// that no other waits for the disk. It retries what cannot be written.
type committer struct {
	ledger  book
	metrics *metrics.Set
	monitor *health.Monitor
	log     logging.Logger
	pending changes // of the goroutine alone, as failing is
	failing bool    // the last write failed

	mu      sync.Mutex
	queued  changes
	batches int // acknowledged and not yet written

	wake    chan struct{} // has room for one
	stop    chan struct{}
	stopped chan struct{}
}

const (
	// MaxUnwritten is how many acknowledged batches may wait for the state file. While
	// there are more, nothing is handed over.
	MaxUnwritten = 64
	// commitRetryPause is the pause after a write that failed.
	commitRetryPause = time.Second
	// pruneInterval is how often old entries are removed from the ledger.
	pruneInterval = 5 * time.Minute
)

func newCommitter(l book, monitor *health.Monitor, metrics *metrics.Set, log logging.Logger) *committer {
	c := &committer{
		ledger:  l,
		monitor: monitor,
		metrics: metrics,
		log:     log,
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
	}
	go func() {
		defer close(c.stopped)
		log.Contain("writing the state file", c.run)
	}()
	return c
}

// stored queues the parts of a batch that the receiver has stored.
func (c *committer) stored(parts []part) {
	c.change(func(q *changes) {
		c.batches++
		q.batches++
		for _, p := range parts {
			if p.item != nil {
				q.deliveries = append(q.deliveries, p.item.stored(p))
				q.items = append(q.items, p.item)
			}
		}
	})
}

// ended queues the end of an item of which no part is in flight.
func (c *committer) ended(i *item, d ledger.Delivery) {
	c.change(func(q *changes) {
		q.deliveries = append(q.deliveries, d)
		q.items = append(q.items, i)
	})
}

// complete queues a span of which all content has been delivered.
func (c *committer) complete(s source.Stream, span source.Span) {
	c.change(func(q *changes) { q.complete(s, span) })
}

// retract queues that nothing after a moment is complete, queued spans included.
func (c *committer) retract(s source.Stream, after time.Time) {
	c.change(func(q *changes) { q.retract(s, after) })
}

// lost queues a gap.
func (c *committer) lost(g ledger.Gap) {
	c.change(func(q *changes) { q.gaps = append(q.gaps, g) })
}

// takeBack queues the removal of a gap, and what is left of it.
func (c *committer) takeBack(g ledger.Gap, rest []ledger.Gap) {
	c.change(func(q *changes) {
		q.takeBack(g)
		q.gaps = append(q.gaps, rest...)
	})
}

// collectedSince queues the time since when a stream is collected.
func (c *committer) collectedSince(s source.Stream, first time.Time) {
	c.change(func(q *changes) {
		if q.since == nil {
			q.since = make(map[source.Stream]time.Time)
		}
		q.since[s] = first
	})
}

// change queues a change and wakes the goroutine.
func (c *committer) change(f func(q *changes)) {
	c.mu.Lock()
	f(&c.queued)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// full reports whether more than MaxUnwritten acknowledged batches wait for the state
// file.
func (c *committer) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.batches > MaxUnwritten
}

// run writes changes until stop is closed, and then once more.
func (c *committer) run() {
	prune := time.NewTicker(pruneInterval)
	defer prune.Stop()
	for {
		wake, retry := c.wake, (<-chan time.Time)(nil)
		if err := c.write(); err != nil {
			wake, retry = nil, time.After(commitRetryPause)
		}
		select {
		case <-wake:
		case <-retry:
		case <-prune.C:
			c.prune()
		case <-c.stop:
			c.write() // which reports its error
			return
		}
	}
}

// write writes all changes to the ledger, and keeps those that it cannot write. It
// reports its error.
func (c *committer) write() error {
	c.mu.Lock()
	c.pending.take(&c.queued)
	c.mu.Unlock()
	err := c.pending.write(c.ledger, c.advance)
	if err == nil {
		c.mu.Lock()
		c.batches -= c.pending.batches
		c.mu.Unlock()
		c.pending.batches = 0
	}
	switch {
	case err != nil:
		c.reportFailure(err)
	case c.failing:
		c.monitor.Clear(source.Stream{}, health.DB)
	}
	c.failing = err != nil
	return err
}

// advance sets the metric of the time through which a stream is complete.
func (c *committer) advance(s source.Stream) {
	c.metrics.Stream(s.Tenant, s.ContentType).Complete.Set(c.ledger.Through(s, c.metrics.Tenant(s.Tenant).Clock.Now()))
}

// reportFailure sets the condition of a state file that cannot be written.
func (c *committer) reportFailure(err error) {
	severity := health.Degraded
	if c.full() {
		severity = health.Failing // nothing more is handed over
	}
	c.monitor.Set(source.Stream{}, health.DB, severity, health.Cause{
		What: "the state file can't be written",
		Do: fmt.Sprintf("make room on the disk of db, or let Fluent Bit write there; after %d more batches nothing is handed over until then, "+
			"and after a kill, records delivered meanwhile would be delivered again", MaxUnwritten),
		Detail: err.Error(),
	})
}

// prune removes old entries from the ledger.
func (c *committer) prune() {
	if err := c.ledger.Prune(c.metrics.EarliestNow()); err != nil {
		c.log.Debugf("old entries stay for now: %v", err)
	}
}

// close writes what is left and closes the ledger. It returns at the deadline, even if
// the disk is still busy.
func (c *committer) close(deadline time.Time) {
	close(c.stop)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-c.stopped
		if c.failing {
			c.log.Errorf("the state file can't be written at the end: records delivered since the last write will be delivered again")
		}
		if err := c.ledger.Close(); err != nil {
			c.log.Errorf("%v", err)
		}
	}()
	select {
	case <-closed:
		return
	case <-time.After(time.Until(deadline)):
	}
	select {
	case <-c.stopped: // all is written
	default:
		c.log.Warnf("db: still being written; records that are not in it at the end will be delivered again")
	}
}
