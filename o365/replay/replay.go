// Package replay reads content from an archive, years later as well, and delivers it as
// if it had just been downloaded: in order of time, through the same [collector.Sink].
//
// # The way of one content
//
//   - survey (survey.go) lists the span once, and keeps how many objects each hour has.
//   - walk (walk.go) lists one hour after the other, and yields its objects.
//   - Workers (worker.go) read them: storage, gunzip (content.go), [collector.Delivery].
//     What fails is tried again, or is lost (failure.go); while the storage is away, all
//     wait (away.go).
//   - progress (progress.go) counts what the ledger has, for the log and the metrics.
//
// What was replayed is remembered by the ledger for a month, under the name of the
// object's file, so that a replay that was broken off goes on.
package replay

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/collector"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// Sink delivers the content of one tenant, and remembers what was delivered.
type Sink interface {
	collector.Sink
	Progress(s source.Stream, contentID string) ledger.Progress
	Gaps(s source.Stream) []ledger.Gap
	Lost(g ledger.Gap)
	TakeBack(g ledger.Gap, rest ...ledger.Gap)
}

// Monitor takes reports of an archive that cannot be read; [health.Monitor] implements
// it.
type Monitor interface {
	Set(s source.Stream, c health.Condition, severity health.State, cause health.Cause)
	Clear(s source.Stream, c ...health.Condition)
	Listed(s source.Stream)
}

// Config is what to replay.
type Config struct {
	Store   storage.Store
	Streams []source.Stream
	// Span is when the content became available; a zero From or To is no bound.
	Span source.Span
	// Sinks are by tenant.
	Sinks map[string]Sink
	// Concurrency is how many objects are read at once.
	Concurrency int
	// MostOpen is how many contents may be read and not delivered yet.
	MostOpen int
	Metrics  *metrics.Set
}

// Replay is one pass through an archive.
type Replay struct {
	config   Config
	monitor  Monitor
	log      logging.Logger
	storage  away
	progress progress
	gaps     gaps
	refused  atomic.Int32  // objects that are lost since the storage refused them, in a row
	open     chan struct{} // has an element for each content that is not delivered
	done     chan struct{}
}

// New returns a replay that does nothing before [Replay.Run].
func New(c Config, monitor Monitor, log logging.Logger) *Replay {
	r := &Replay{
		config: c, monitor: monitor, log: log,
		open: make(chan struct{}, c.MostOpen), done: make(chan struct{}),
	}
	r.storage = away{turn: make(chan struct{}, 1), monitor: monitor}
	r.progress.publish(c.Streams, c.Metrics)
	return r
}

// Done is closed when everything is delivered, and the ledger has it.
func (r *Replay) Done() <-chan struct{} { return r.done }

// Run replays until all is delivered or ctx ends, and returns when every goroutine it
// started has ended. It must be called once. It panics with what a worker panics with.
func (r *Replay) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.loadGaps()
	r.log.Infof("replay: the archive is listed first, to count what there is")
	p, err := r.survey(ctx)
	if err != nil {
		return
	}
	for _, s := range r.config.Streams {
		r.monitor.Listed(s)
	}
	r.progress.begin(p.hours, time.Now())
	r.logPlan(p)
	var reporting sync.WaitGroup
	reporting.Go(func() { r.reportProgress(ctx) })
	mistake := r.replay(ctx, cancel, p)
	finished := mistake == nil && r.delivered(ctx)
	cancel()
	reporting.Wait()
	if mistake != nil {
		panic(mistake)
	}
	if finished {
		r.log.Infof("%s", r.progress.end(time.Now()))
		close(r.done)
	}
}

// replay reads all objects. It returns what a worker has panicked with.
func (r *Replay) replay(ctx context.Context, cancel func(), p plan) (mistake any) {
	var mu sync.Mutex
	var workers, reading sync.WaitGroup
	objects := make(chan object)
	for range r.config.Concurrency {
		workers.Go(func() {
			defer func() {
				if m := recover(); m != nil {
					mu.Lock()
					defer mu.Unlock()
					mistake = m
					cancel()
				}
			}()
			w := worker{Replay: r}
			for o := range objects {
				func() {
					defer reading.Done()
					w.replay(ctx, o)
				}()
			}
		})
	}
	var hour time.Time
	for o := range r.walk(ctx, p) {
		if !o.Hour.Equal(hour) {
			reading.Wait() // so that nothing overtakes what is queued slowly
			hour = o.Hour
		}
		if !enter(ctx, r.open) {
			break
		}
		reading.Add(1)
		select {
		case objects <- o:
		case <-ctx.Done():
			reading.Done()
		}
	}
	close(objects)
	workers.Wait()
	return mistake
}

// queueCheckInterval is how often an emptying queue is looked at.
const queueCheckInterval = 100 * time.Millisecond

// delivered waits until no content is open, and nothing is queued of what was lost in
// part. It reports whether ctx did not end before.
func (r *Replay) delivered(ctx context.Context) bool {
	for range cap(r.open) {
		if !enter(ctx, r.open) {
			return false
		}
	}
	for _, s := range r.config.Streams {
		for r.config.Metrics.Stream(s.Tenant, s.ContentType).Queue.Load() > 0 {
			if !sleep(ctx, queueCheckInterval) {
				return false
			}
		}
	}
	return true
}

// enter waits for a place.
func enter(ctx context.Context, places chan<- struct{}) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// sleep reports whether ctx did not end before.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
