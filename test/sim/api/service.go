// Package api simulates the Office 365 Management Activity API: the subscriptions,
// content listings, content blobs and errors that Microsoft's "Office 365
// Management Activity API reference" and its troubleshooting page describe, with
// faults on demand and statistics of what a client requested.
//
// A Service is an http.Handler. Its audit records are not stored: package content
// makes each from (seed, tenant, content type, blob, index) whenever it is needed,
// so a blob of any size takes no memory, and what a client delivered can be compared
// with what was published (package check). Time is read through Options.Now alone;
// blobs of live production are made when a request or a check needs them, without
// a goroutine, so a Service works in a synctest bubble (see Client).
//
//	sim := api.New(api.Options{Seed: 1, Blobs: 20, Records: 50})
//	server := httptest.NewTLSServer(sim)
//	defer server.Close()
//	records := collect(server.URL, api.DefaultTenant) // the code under test
//	report := sim.Check(slices.Values(records), check.Options{Dedup: true})
//
// What the pages leave open follows what clients met in the field: AF429 in an
// HTTP 403, AF20024, AF20055 for more than 24 hours, one hour of grace beyond
// seven days, a NextPageUri with lower-case names and a raw "$".
package api

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/content"
)

// DefaultTenant is the tenant of a Service whose Options name none.
const DefaultTenant = "11111111-2222-4333-8444-555555555555"

// The content types of the service.
const (
	Entra      = content.Entra
	Exchange   = content.Exchange
	SharePoint = content.SharePoint
	General    = content.General
	DLP        = content.DLP
)

// ContentTypes lists all content types of the service.
func ContentTypes() []string { return content.Types() }

const day = 24 * time.Hour

// Options describe a simulated service. The zero value is a service of one
// tenant with all content types, nothing subscribed and no content.
type Options struct {
	Seed    uint64    // everything random follows from it
	Tenants []string  // directory ids; default DefaultTenant
	Types   []string  // content types that exist; default all five
	Start   time.Time // when the simulation begins, on the service's clock; default now

	// Verify checks a bearer token; nil accepts any token for any tenant, with all
	// roles.
	Verify Verifier

	Now  func() time.Time // default time.Now
	Skew time.Duration    // how far the service's clock is ahead of Now

	// Content. Counts are for each tenant and content type.
	Back       time.Duration // how far back content goes; default 7 days less an hour
	Blobs      int           // blobs made before Start, spread evenly over Back
	Records    int           // records in a blob; default 100
	RecordSize int64         // bytes of a record, about; smaller ones are made longer; 0 leaves all as they are
	Large      int           // so many of the Blobs, the newest, are large
	LargeSize  int64         // bytes of JSON in a large blob at least
	Duplicates float64       // percent of records that repeat one of an earlier blob, byte for byte
	Late       float64       // percent of blobs that are listed late
	LateBy     time.Duration // how late: after contentCreated, and after Start
	SameTime   int           // so many blobs in a row share one contentCreated
	WholeTimes bool          // contentCreated falls on whole seconds
	Live       time.Duration // a new blob each interval; 0 is no live production
	LiveBlobs  int           // blobs each interval; default 1

	// Subscriptions.
	Subscribed   []string      // content types enabled from the beginning
	FirstContent time.Duration // how long after the first start content can be listed
	StartWait    time.Duration // a start sooner than this after the last one is refused; 0 never
	AuditingOff  bool          // as with SetAuditing(false)

	// Listings.
	PageSize   int           // entries of a page; default 100
	PageLife   time.Duration // how long a next page can be requested; 0 without limit
	Grace      time.Duration // how far beyond 7 days a listing may start; default 1 h, negative none
	ShortDay   bool          // windows of exactly 24 hours are refused too
	LongWindow bool          // longer windows are answered, with half of the content
	PartStart  bool          // a listing that starts at a blob's contentCreated has its second half only
	Life       time.Duration // from listing to expiration; default 7 days

	Latency time.Duration // before every answer
	Quota   Quota
	Faults  []Fault
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Start.IsZero() {
		o.Start = o.Now().Add(o.Skew)
	}
	o.Start = o.Start.UTC().Truncate(time.Second)
	if len(o.Tenants) == 0 {
		o.Tenants = []string{DefaultTenant}
	}
	if len(o.Types) == 0 {
		o.Types = ContentTypes()
	}
	setDefault(&o.Back, 7*day-time.Hour)
	setDefault(&o.Records, 100)
	setDefault(&o.SameTime, 1)
	setDefault(&o.LiveBlobs, 1)
	setDefault(&o.PageSize, 100)
	setDefault(&o.Grace, time.Hour)
	o.Grace = max(o.Grace, 0)
	setDefault(&o.Life, 7*day)
	return o
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Service is a simulated service. Its methods may be called at any time, from any
// goroutine.
type Service struct {
	opt    Options
	mux    *http.ServeMux
	gzips  sync.Pool
	faults *faults
	quota  *quota
	stats  *statistics

	mu      sync.Mutex // guards what follows, and all series and subscriptions
	tenants map[string]*tenant
	series  []*series
	live    bool
	index   recordIndex

	foreignMu sync.Mutex
	foreign   map[string]bool // hosts that faults named in answers and that are not the service
}

// tenant is one customer of the service.
type tenant struct {
	id       string
	series   map[string]*series // by content type
	blobs    map[string]*blob   // by content id
	auditing bool
}

// New makes a service with its backlog of content.
func New(opt Options) *Service {
	opt = opt.withDefaults()
	c := &Service{
		opt:     opt,
		mux:     http.NewServeMux(),
		faults:  newFaults(opt.Seed, opt.Faults),
		quota:   newQuota(opt.Quota),
		stats:   newStatistics(),
		tenants: map[string]*tenant{},
		live:    opt.Live > 0,
		foreign: map[string]bool{},
	}
	for _, id := range opt.Tenants {
		id = strings.ToLower(id)
		t := &tenant{id: id, series: map[string]*series{}, blobs: map[string]*blob{}, auditing: !opt.AuditingOff}
		c.tenants[id] = t
		for _, typ := range opt.Types {
			s := newSeries(&c.opt, t, typ)
			t.series[typ] = s
			c.series = append(c.series, s)
		}
	}
	c.routes()
	return c
}

// Now is the time on the service's clock.
func (c *Service) Now() time.Time { return c.opt.Now().Add(c.opt.Skew).UTC() }

const feed = "/api/v1.0/{tenant}/activity/feed/"

func (c *Service) routes() {
	for _, r := range []struct {
		pattern string
		op      string
		serve   func(*request) error
	}{
		{"POST " + feed + "subscriptions/start", "start", answer(c.startSubscription)},
		{"POST " + feed + "subscriptions/stop", "stop", answer(c.stopSubscription)},
		{"GET " + feed + "subscriptions/list", "list", answer(c.listSubscriptions)},
		{"GET " + feed + "subscriptions/content", "content", c.listContent},
		{"GET " + feed + "subscriptions/notifications", "notifications", answer(c.listNotifications)},
		{"GET " + feed + "audit/{id}", "audit", c.download},
		{"GET " + feed + "resources/dlpSensitiveTypes", "names", answer(c.sensitiveTypes)},
	} {
		c.mux.HandleFunc(r.pattern, func(w http.ResponseWriter, request *http.Request) {
			c.serve(w, request, r.op, r.serve)
		})
	}
	c.controls()
}

func (c *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.ServeHTTP(w, r) }
