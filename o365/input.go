// Package o365 collects Microsoft 365 audit records and hands each over once,
// as Fluent Bit events, to whoever embeds it.
//
// [Open] starts collecting; it returns at once and needs no network.
// [Input.Next] gives the batches, none of which waits for anything. Every
// batch is answered by [Input.Confirm], when the receiver has stored it, or
// by [Input.Return], when it did not take it; only confirmed batches count as
// delivered.
//
// # The promise
//
// Nothing is lost: every record that the API offers in its 7 days comes out of
// Next until it has been confirmed, also after a restart if there is a state
// file. What can't be had any more is reported. Nothing comes twice: after a
// confirm, a record comes again only if the process is killed before the
// state file has it, which is at most one batch per tenant and content type.
// Nothing is changed: see package record.
package o365

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/collector"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/outbox"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Host is what the embedding program gives.
type Host struct {
	// Name is what the input is called there, for mails; may be empty.
	Name string
	// Log takes the lines that people should see. It must not block.
	Log health.Log
	// Shared is what all inputs of the process have in common.
	Shared *Shared
}

// Shared holds the request budgets of tenants, so that several inputs of one
// process do not exceed them together. It is safe for concurrent use.
type Shared struct {
	mu      sync.Mutex
	budgets map[string]*collector.Budget
}

// NewShared returns a Shared without any tenant.
func NewShared() *Shared { return &Shared{budgets: make(map[string]*collector.Budget)} }

// budget returns the one budget of a tenant. The lowest rate that any input
// asked for counts.
func (s *Shared) budget(endpoint, tenant string, perMinute int) *collector.Budget {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := endpoint + " " + tenant
	b := s.budgets[key]
	if b == nil {
		b = collector.NewBudget(perMinute)
		s.budgets[key] = b
	}
	b.Limit(perMinute)
	return b
}

// Input collects from one or more tenants until it is closed.
type Input struct {
	log       health.Log
	board     *health.Board
	healthTag string
	outbox    *outbox.Outbox[receipt]
	committer *committer
	transport *http.Transport
	metrics   *health.Metrics
	cancel    context.CancelFunc
	running   sync.WaitGroup

	taken atomic.Int64         // when a batch was confirmed last, or none waited; Unix nanoseconds
	held  atomic.Pointer[hold] // why nothing was taken since
}

// Batch is a number of events of one tag that are handed over in one piece.
type Batch = outbox.Batch[receipt]

const (
	idleConnection = 90 * time.Second
	// maxUncommitted bounds how many confirmed batches may wait to be written
	// to the state file before nothing more is handed over.
	maxUncommitted = 64
	// garbage is the part of queue_size, a quarter as measured, that is left to
	// what the garbage collector has not found yet or not given back.
	garbage = 4
	// recordCost is what is remembered of a record until it is confirmed, in bytes:
	// its key in the receipt and among those that are claimed, and its time.
	recordCost = 64
	// stopping and closing bound the time that Close takes, from its start,
	// for requests to stop and for the ledger to be closed.
	stopping = 500 * time.Millisecond
	closing  = 900 * time.Millisecond
	// lockWait is how long Open waits for a ledger that is in use: the input
	// that a hot reload replaces may be closing it.
	lockWait = 2 * time.Second
)

// Open starts collecting. Its errors are mistakes of configuration, or a state
// file that can't be used.
func Open(c Config, h Host) (*Input, error) {
	secrets := c.secrets()
	h.Log = h.Log.Redacted(secrets)
	transport, err := newTransport(c)
	if err != nil {
		return nil, err
	}
	in := &Input{
		log:       h.Log,
		healthTag: c.HealthTag,
		outbox:    outbox.New[receipt](c.BatchSize, c.QueueSize-c.QueueSize/garbage, recordCost),
		transport: transport,
		metrics:   newMetrics(c),
	}
	in.board = health.NewBoard(in.metrics.Names(), secrets, h.Log, in.changed)
	logins, err := newLogins(c, transport, secrets, in.board, in.metrics, h.Log)
	if err != nil {
		return nil, err
	}
	clients, err := newClients(c, transport, logins, h, in.metrics)
	if err != nil {
		return nil, err
	}
	alerts, err := newAlerts(c, h, secrets, in.board.Snapshot)
	if err != nil {
		return nil, err
	}
	book, err := openLedger(c, in.metrics.EarliestNow, h.Log)
	if err != nil {
		return nil, err
	}
	if c.DB == "" {
		h.Log.Infof("no db is set: what was delivered is forgotten at the end, and every start looks back %s again", c.Lookback)
	}
	ctx, cancel := context.WithCancel(context.Background())
	in.cancel = cancel
	in.moved(time.Now())
	in.committer = newCommitter(book, in.board, in.metrics, h.Log)
	in.running.Go(func() { contain(h.Log, "telling of troubles", func() { in.board.Run(ctx) }) })
	in.running.Go(func() { contain(h.Log, "the hourly summary", func() { newWatch(in, book, time.Now()).run(ctx) }) })
	if alerts != nil {
		in.running.Go(func() { contain(h.Log, "mail", func() { alerts.Run(ctx) }) })
	}
	types := c.contentTypes()
	byName := make(map[string]source.ContentType)
	for _, t := range types {
		byName[t.Name] = t
	}
	for i, tenant := range c.Tenants {
		p := &pipe{
			types:  byName,
			tenant: tenant, config: c, outbox: in.outbox, ledger: book, committer: in.committer, metrics: in.metrics.Tenant(tenant), log: h.Log, secrets: secrets,
			report: in.report, reported: make(map[string]time.Time),
		}
		col := collector.New(collector.Config{
			Tenant:       tenant,
			ContentTypes: types,
			Subscribe:    c.Subscribe,
			Lookback:     c.Lookback,
			PollInterval: c.PollInterval,
			Concurrency:  c.Concurrency,
			MostEntries:  c.mostEntries(),
			Metrics:      in.metrics.Tenant(tenant),
			App:          logins[i].App,
		}, clients[i], p, p, h.Shared.budget(c.Endpoint, tenant, c.RequestsPerMinute), in.board, h.Log)
		p.confirmed = col.Confirmed
		in.running.Go(func() { in.collect(ctx, tenant, col) })
	}
	return in, nil
}

func openLedger(c Config, now func() time.Time, log health.Log) (*ledger.Ledger, error) {
	remember := ledger.Options{Retention: make(map[string]time.Duration), DedupWindow: c.DedupWindow, Log: log, Now: now}
	for _, t := range c.contentTypes() {
		remember.Retention[t.Name] = t.Retention
	}
	if c.Dedup {
		remember.DedupMax = c.DedupMax
	}
	deadline := time.Now().Add(lockWait)
	for {
		book, err := ledger.Open(c.DB, remember)
		if !errors.Is(err, ledger.ErrLocked) || time.Now().After(deadline) {
			return book, err
		}
		time.Sleep(lockWait / 20)
	}
}

// collect runs the collector of a tenant. A mistake in it stops it alone.
func (in *Input) collect(ctx context.Context, tenant string, col *collector.Collector) {
	defer func() {
		if p := recover(); p != nil {
			in.board.Set(source.Stream{Tenant: tenant}, health.Stopped, health.Failing, health.Cause{
				What: "collecting has stopped by a mistake in the plugin", Do: "restart Fluent Bit, and please report it", Detail: fmt.Sprint(p),
			})
		}
	}()
	col.Run(ctx)
}

// Next returns the next batch to hand over, nil if there is none now. At most
// one batch of each tenant and content type is out at a time.
func (in *Input) Next() *Batch {
	if in.committer.backlog() > maxUncommitted {
		return nil
	}
	return in.outbox.Next()
}

// Confirm says that the batch is stored by its receiver. Its Events must not
// be read any more.
func (in *Input) Confirm(b *Batch) {
	in.moved(time.Now())
	in.outbox.Confirm(b)
	in.committer.confirm(b.Receipts)
}

// Return says that the batch was not taken. It will come again.
func (in *Input) Return(b *Batch) { in.outbox.Return(b) }

// Close stops collecting, and writes what was confirmed to the state file. It
// returns within about a second. Nothing may be called after it.
func (in *Input) Close() {
	in.cancel()
	begun := time.Now()
	stopped := make(chan struct{})
	go func() {
		in.running.Wait()
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-time.After(stopping):
		in.log.Warnf("a request is still under way; it is left to itself")
	}
	in.committer.close(begun.Add(closing))
	in.transport.CloseIdleConnections()
	in.log.Infof("%s", summary(in.metrics))
}

// contain keeps a panic from ending the host process.
func contain(log health.Log, what string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			log.Errorf("a mistake in the plugin, %s has stopped, please report it: %v", what, p)
		}
	}()
	f()
}
