package collector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/activity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
)

const tenant = "contoso"

// service is a model of the API: what is listed when, and what it refuses.
type service struct {
	t  *testing.T
	mu sync.Mutex

	blobs      []modelBlob
	pageSize   int
	subscribed map[activity.ContentType]bool
	skew       time.Duration
	fault      func(op activity.Op) error // nil: none
	latency    time.Duration
	perMinute  int           // 0: no quota
	longest    time.Duration // windows of it are refused
	tooLong    int           // windows that were

	requests map[activity.Op]int
	recent   []time.Time // of the last minute
	refused  int
	opened   []string // content ids, in order
}

type modelBlob struct {
	activity.Content
	listed time.Time // from when on listings show it
}

func newService(t *testing.T) *service {
	return &service{
		t: t, pageSize: 3, requests: map[activity.Op]int{},
		subscribed: map[activity.ContentType]bool{}, latency: 50 * time.Millisecond, longest: 24 * time.Hour,
	}
}

// add makes a blob available at created, but listed only late after.
func (s *service) add(t activity.ContentType, created time.Time, late time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fmt.Sprintf("%d$%s", len(s.blobs), t.Short())
	s.blobs = append(s.blobs, modelBlob{
		Content: activity.Content{Type: t, ID: id, URI: "https://service/" + id, Created: created.UTC(), Expires: created.Add(late + retention).UTC()},
		listed:  created.Add(late),
	})
	return id
}

// fail sets what the requests from now on fail with; nil: nothing.
func (s *service) fail(fault func(op activity.Op) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *service) asked(op activity.Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[op]
}

// created tells when a blob became available.
func (s *service) created(id string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.blobs[slices.IndexFunc(s.blobs, func(b modelBlob) bool { return b.ID == id })].Created
}

func (s *service) now() time.Time { return time.Now().Add(s.skew) }

// call is what every request goes through.
func (s *service) call(ctx context.Context, op activity.Op) error {
	select {
	case <-time.After(s.latency):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[op]++
	now := time.Now()
	s.recent = slices.DeleteFunc(s.recent, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if s.perMinute > 0 && len(s.recent) >= s.perMinute {
		s.refused++
		return &activity.Error{Op: op, Status: 403, Code: "AF429"}
	}
	s.recent = append(s.recent, now)
	if s.fault != nil {
		return s.fault(op)
	}
	return nil
}

func (s *service) Subscriptions(ctx context.Context) ([]activity.Subscription, error) {
	if err := s.call(ctx, activity.OpSubscriptions); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []activity.Subscription
	for t := range s.subscribed {
		list = append(list, activity.Subscription{Type: t, Status: "enabled"})
	}
	return list, nil
}

func (s *service) Start(ctx context.Context, t activity.ContentType) error {
	if err := s.call(ctx, activity.OpStart); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.subscribed[t] {
		s.t.Errorf("%s was started although it is", t)
	}
	s.subscribed[t] = true
	return nil
}

func (s *service) List(ctx context.Context, t activity.ContentType, from, to time.Time) (activity.Page, error) {
	return s.page(ctx, t, from, to, 0)
}

func (s *service) NextPage(ctx context.Context, t activity.ContentType, next string) (activity.Page, error) {
	var from, to int64
	var skip int
	if _, err := fmt.Sscanf(next, "%d %d %d", &from, &to, &skip); err != nil {
		s.t.Errorf("next page %q: %v", next, err)
	}
	return s.page(ctx, t, time.Unix(from, 0), time.Unix(to, 0), skip)
}

func (s *service) page(ctx context.Context, t activity.ContentType, from, to time.Time, skip int) (activity.Page, error) {
	if err := s.call(ctx, activity.OpList); err != nil {
		return activity.Page{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if !s.subscribed[t] {
		return activity.Page{}, &activity.Error{Op: activity.OpList, Status: 400, Code: "AF20022"}
	}
	if to.Sub(from) >= s.longest {
		s.tooLong++
		return activity.Page{}, &activity.Error{Op: activity.OpList, Status: 400, Code: "AF20055", Date: now.Truncate(time.Second)}
	}
	if from.Nanosecond() != 0 || to.Nanosecond() != 0 || !from.Before(to) {
		s.t.Errorf("window %s to %s", from, to)
	}
	if from.Before(now.Add(-retention - time.Minute)) {
		return activity.Page{}, &activity.Error{Op: activity.OpList, Status: 400, Code: "AF20030", Date: now.Truncate(time.Second)}
	}
	page := activity.Page{Date: now.Truncate(time.Second)}
	for i := range s.blobs {
		b := &s.blobs[i]
		if b.Type != t || b.listed.After(now) || b.Created.Before(from) || !b.Created.Before(to) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if len(page.Contents) == s.pageSize {
			page.Next = fmt.Sprintf("%d %d %d", from.Unix(), to.Unix(), s.position(t, from, to, now, page))
			break
		}
		page.Contents = append(page.Contents, b.Content)
	}
	return page, nil
}

// position counts what the pages up to and with this one have shown.
func (s *service) position(t activity.ContentType, from, to, now time.Time, page activity.Page) int {
	last := page.Contents[len(page.Contents)-1].ID
	n := 0
	for i := range s.blobs {
		b := &s.blobs[i]
		if b.Type == t && !b.listed.After(now) && !b.Created.Before(from) && b.Created.Before(to) {
			n++
			if b.ID == last {
				break
			}
		}
	}
	return n
}

func (s *service) Open(ctx context.Context, c activity.Content) (io.ReadCloser, error) {
	if err := s.call(ctx, activity.OpBlob); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now().After(c.Expires) {
		return nil, &activity.Error{Op: activity.OpBlob, Status: 400, Code: "AF20051"}
	}
	s.opened = append(s.opened, c.ID)
	return io.NopCloser(strings.NewReader(c.ID)), nil
}

// book is a ledger and a sink in memory; it outlives collectors as a file does.
type book struct {
	mu        sync.Mutex
	since     map[ledger.Stream]time.Time
	delivered map[string]time.Time // content id → when
	twice     []string
	completed map[ledger.Stream][]ledger.Span
	gaps      []ledger.Gap
	begun     []string // content ids, in the order of Blob
	col       *Collector
	delay     time.Duration                 // from delivery to confirmation
	takes     func(id string) time.Duration // to deliver a blob
}

func newBook() *book {
	return &book{since: map[ledger.Stream]time.Time{}, delivered: map[string]time.Time{}, completed: map[ledger.Stream][]ledger.Span{}}
}

// deliveredAt tells when a blob was delivered; zero: it was not.
func (b *book) deliveredAt(id string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.delivered[id]
}

func (b *book) Since(s ledger.Stream, first time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.since[s]; !ok {
		b.since[s] = first
	}
	return b.since[s]
}

func (b *book) Progress(_ ledger.Stream, id string) ledger.Progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, done := b.delivered[id]
	return ledger.Progress{Done: done}
}

func (b *book) Completed(s ledger.Stream) []ledger.Span {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.completed[s])
}

func (b *book) Gaps(s ledger.Stream) []ledger.Gap {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.gaps), func(g ledger.Gap) bool { return g.Stream != s })
}

func (b *book) Complete(s ledger.Stream, span ledger.Span) {
	b.mu.Lock()
	defer b.mu.Unlock()
	spans := append(b.completed[s], span)
	slices.SortFunc(spans, func(a, b ledger.Span) int { return a.From.Compare(b.From) })
	merged := spans[:1]
	for _, span := range spans[1:] {
		last := &merged[len(merged)-1]
		switch {
		case span.From.After(last.To):
			merged = append(merged, span)
		case span.To.After(last.To):
			last.To = span.To
		}
	}
	b.completed[s] = merged
}

func (b *book) Lost(g ledger.Gap) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gaps = append(b.gaps, g)
}

func (b *book) Blob(s ledger.Stream, c activity.Content) Blob {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begun = append(b.begun, c.ID)
	return &bookBlob{book: b, stream: s, id: c.ID}
}

func (b *book) Room(ctx context.Context) (func(), error) { return func() {}, ctx.Err() }

type bookBlob struct {
	book   *book
	stream ledger.Stream
	id     string
}

func (p *bookBlob) Deliver(ctx context.Context, r io.Reader) error {
	if _, err := io.ReadAll(r); err != nil {
		return err
	}
	b := p.book
	if b.takes != nil {
		select {
		case <-time.After(b.takes(p.id)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	col := b.col
	go func() {
		select {
		case <-time.After(b.delay):
		case <-ctx.Done(): // a crash: never confirmed
			return
		}
		b.mu.Lock()
		if _, again := b.delivered[p.id]; again {
			b.twice = append(b.twice, p.id)
		}
		b.delivered[p.id] = time.Now()
		b.mu.Unlock()
		col.Confirmed(p.stream, p.id)
	}()
	return nil
}

// lines collects what is logged.
type lines struct {
	mu    sync.Mutex
	lines []string
}

func (l *lines) log(level health.Level, line string) {
	if level <= health.Info {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lines = append(l.lines, fmt.Sprintf("%d %s", level, line))
	}
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

func (l *lines) with(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.lines {
		if strings.Contains(line, part) {
			n++
		}
	}
	return n
}

// collect runs a collector in the background until the returned function is
// called.
func collect(s *service, b *book, l *lines, change func(*Config)) (stop func()) {
	return collectUnder(s, b, l, NewBudget(2000), change)
}

// collectUnder is collect with a budget.
func collectUnder(s *service, b *book, l *lines, budget *Budget, change func(*Config)) (stop func()) {
	cfg := config(change)
	var streams []health.Stream
	for _, t := range cfg.ContentTypes {
		streams = append(streams, health.Stream{Tenant: tenant, ContentType: string(t)})
	}
	board := health.NewBoard(streams, l.log, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var telling sync.WaitGroup
	telling.Go(func() { board.Run(ctx) })
	halt := collectWith(s, b, board, budget, l, change)
	return func() {
		halt()
		cancel()
		telling.Wait()
	}
}

func config(change func(*Config)) Config {
	cfg := Config{
		Tenant: tenant, ContentTypes: []activity.ContentType{activity.Exchange, activity.SharePoint},
		Subscribe: true, Lookback: retention, PollInterval: time.Minute, Concurrency: 4,
	}
	if change != nil {
		change(&cfg)
	}
	return cfg
}

// collectWith is collect with a board.
func collectWith(s *service, b *book, board Board, budget *Budget, l *lines, change func(*Config)) (stop func()) {
	col := New(config(change), s, b, b, budget, board, l.log)
	b.mu.Lock()
	b.col = col
	b.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { col.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// check asserts that all blobs, and nothing twice, have been delivered.
func (b *book) check(t *testing.T, s *service) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	lost := 0
	for _, blob := range s.blobs {
		if _, ok := b.delivered[blob.ID]; !ok {
			lost++
			if lost < 5 {
				t.Errorf("lost: blob %s of %s, listed %s", blob.ID, blob.Created, blob.listed)
			}
		}
	}
	if s.longest == 24*time.Hour && s.tooLong > 0 {
		t.Errorf("%d windows were too long", s.tooLong)
	}
	if lost > 0 || len(b.twice) > 0 || len(b.gaps) > 0 {
		t.Errorf("of %d blobs %d lost, %d twice, gaps reported: %v", len(s.blobs), lost, len(b.twice), b.gaps)
	}
}

var errReset = errors.New("connection reset by peer")

// sometimes fails with one of errs, at a rate.
func sometimes(random *rand.Rand, rate float64, errs ...error) func(activity.Op) error {
	return func(activity.Op) error {
		if random.Float64() >= rate {
			return nil
		}
		return errs[random.IntN(len(errs))]
	}
}
