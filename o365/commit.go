package o365

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// committer writes to the ledger what was confirmed, in one goroutine, so that
// nobody else waits for the disk. What can't be written is tried again.
type committer struct {
	ledger  *ledger.Ledger
	metrics *health.Metrics
	board   *health.Board
	log     health.Log
	pending changes // of the goroutine alone
	failing bool

	mu      sync.Mutex
	queued  changes
	batches int // confirmed and not yet written

	wake    chan struct{} // holds one
	stop    chan struct{}
	stopped chan struct{}
}

// changes are what the ledger is to be told, in this order.
type changes struct {
	deliveries []ledger.Delivery
	blobs      []*blob // of the deliveries, in step
	batches    int
	spans      map[source.Stream][]source.Span
	retracted  map[source.Stream]time.Time // before the spans
	gaps       []ledger.Gap
	since      map[source.Stream]time.Time
}

const (
	commitRetry   = time.Second
	pruneInterval = 5 * time.Minute
)

func newCommitter(l *ledger.Ledger, board *health.Board, metrics *health.Metrics, log health.Log) *committer {
	c := &committer{
		ledger:  l,
		board:   board,
		metrics: metrics,
		log:     log,
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
	}
	go func() {
		defer close(c.stopped)
		contain(log, "writing the state file", c.run)
	}()
	return c
}

// confirm queues what a confirmed batch held.
func (c *committer) confirm(receipts []receipt) {
	c.change(func(q *changes) {
		c.batches++
		q.batches++
		for _, r := range receipts {
			if r.blob != nil {
				q.deliveries = append(q.deliveries, r.blob.confirm(r))
				q.blobs = append(q.blobs, r.blob)
			}
		}
	})
}

// deliver queues a delivery that has no batch.
func (c *committer) deliver(b *blob, d ledger.Delivery) {
	c.change(func(q *changes) {
		q.deliveries = append(q.deliveries, d)
		q.blobs = append(q.blobs, b)
	})
}

func (c *committer) complete(s source.Stream, span source.Span) {
	c.change(func(q *changes) { q.complete(s, span) })
}

// retract queues that nothing after a moment is complete, what is queued included.
func (c *committer) retract(s source.Stream, after time.Time) {
	c.change(func(q *changes) { q.retract(s, after) })
}

func (c *committer) lost(g ledger.Gap) {
	c.change(func(q *changes) { q.gaps = append(q.gaps, g) })
}

// collectedSince queues from when on a stream is collected.
func (c *committer) collectedSince(s source.Stream, first time.Time) {
	c.change(func(q *changes) {
		if q.since == nil {
			q.since = make(map[source.Stream]time.Time)
		}
		q.since[s] = first
	})
}

// change queues something for the ledger.
func (c *committer) change(f func(q *changes)) {
	c.mu.Lock()
	f(&c.queued)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// backlog is the number of confirmed batches that are not written yet.
func (c *committer) backlog() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.batches
}

// run writes until it is told to stop, and then once more.
func (c *committer) run() {
	prune := time.NewTicker(pruneInterval)
	defer prune.Stop()
	for {
		wake, retry := c.wake, (<-chan time.Time)(nil)
		if err := c.write(); err != nil {
			wake, retry = nil, time.After(commitRetry)
		}
		select {
		case <-wake:
		case <-retry:
		case <-prune.C:
			c.prune()
		case <-c.stop:
			c.write() // or tells that it can't
			return
		}
	}
}

// write tells the ledger all there is to tell, and keeps what it can't.
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
		c.tell(err)
	case c.failing:
		c.board.Clear(source.Stream{}, health.DB)
	}
	c.failing = err != nil
	return err
}

// advance shows up to when a stream is complete.
func (c *committer) advance(s source.Stream) {
	c.metrics.Stream(s.Tenant, s.ContentType).Complete.Set(c.ledger.Through(s, c.metrics.Tenant(s.Tenant).Clock.Now()))
}

// tell says what it means that the state file can't be written.
func (c *committer) tell(err error) {
	severity := health.Degraded
	if c.backlog() > maxUncommitted {
		severity = health.Failing // nothing more is handed over
	}
	c.board.Set(source.Stream{}, health.DB, severity, health.Cause{
		What: "the state file can't be written",
		Do: fmt.Sprintf("make room on the disk of db, or let Fluent Bit write there; after %d more batches nothing is handed over until then, "+
			"and after a kill what was delivered meanwhile would come again", maxUncommitted),
		Detail: err.Error(),
	})
}

func (c *committer) prune() {
	if err := c.ledger.Prune(c.metrics.EarliestNow()); err != nil {
		c.log.Debugf("old entries stay for now: %v", err)
	}
}

// close writes what is left and closes the ledger. It waits until deadline;
// a disk that takes longer is left to itself.
func (c *committer) close(deadline time.Time) {
	close(c.stop)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-c.stopped
		if c.failing {
			c.log.Errorf("the state file can't be written at the end: what it lacks comes again after the start")
		}
		if err := c.ledger.Close(); err != nil {
			c.log.Errorf("%v", err)
		}
	}()
	select {
	case <-closed:
	case <-time.After(time.Until(deadline)):
		c.log.Warnf("db: still being written; what is not in it by the end would come again")
	}
}

func (p *changes) complete(s source.Stream, spans ...source.Span) {
	if p.spans == nil {
		p.spans = make(map[source.Stream][]source.Span)
	}
	p.spans[s] = append(p.spans[s], spans...)
}

func (p *changes) retract(s source.Stream, after time.Time) {
	if spans, ok := p.spans[s]; ok {
		p.spans[s] = ledger.Before(spans, after)
	}
	if p.retracted == nil {
		p.retracted = make(map[source.Stream]time.Time)
	}
	if earlier, ok := p.retracted[s]; !ok || after.Before(earlier) { // what came between is in spans
		p.retracted[s] = after
	}
}

// take moves all of q behind what is there.
func (p *changes) take(q *changes) {
	p.deliveries = append(p.deliveries, q.deliveries...)
	p.blobs = append(p.blobs, q.blobs...)
	p.batches += q.batches
	p.gaps = append(p.gaps, q.gaps...)
	for s, after := range q.retracted {
		p.retract(s, after)
	}
	for s, spans := range q.spans {
		p.complete(s, spans...)
	}
	if p.since == nil {
		p.since = q.since
	} else {
		maps.Copy(p.since, q.since)
	}
	*q = changes{}
}

// write tells the ledger and forgets what it has taken. It reports the streams
// of which spans were written.
func (p *changes) write(l *ledger.Ledger, written func(source.Stream)) error {
	for s, first := range p.since {
		if _, err := l.Since(s, first); err != nil {
			return err
		}
		delete(p.since, s)
	}
	if len(p.deliveries) > 0 {
		if err := l.Confirm(p.deliveries); err != nil {
			return err
		}
		for i, d := range p.deliveries {
			if d.Done {
				p.blobs[i].metrics.Delivered.Add(1)
				p.blobs[i].metrics.Newest.Advance(d.Created)
				p.blobs[i].pipe.confirmed(d.Stream, d.Blob)
			}
		}
		p.deliveries, p.blobs = nil, nil
	}
	for s, after := range p.retracted {
		if err := l.Retract(s, after); err != nil {
			return err
		}
		delete(p.retracted, s)
		written(s)
	}
	for s, spans := range p.spans {
		if err := l.Complete(s, spans...); err != nil {
			return err
		}
		delete(p.spans, s)
		written(s)
	}
	for len(p.gaps) > 0 {
		if err := l.AddGap(p.gaps[0]); err != nil {
			return err
		}
		written(p.gaps[0].Stream)
		p.gaps = p.gaps[1:]
	}
	return nil
}
