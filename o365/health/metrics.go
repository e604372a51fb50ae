package health

import (
	"math"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Metrics are all numbers of an input. The set of series is fixed when they are
// made: what shows them can then be set up once, and an alert sees a series
// before anything has happened.
type Metrics struct {
	tenants []*TenantMetrics // in the order of the options
}

// TenantMetrics are the numbers of one tenant.
type TenantMetrics struct {
	Throttled Counter
	Clock     ServiceClock

	tenant   string
	requests []requests
	streams  []*StreamMetrics
	from     TenantSources
}

// StreamMetrics are the numbers of one content type of a tenant.
type StreamMetrics struct {
	Records, Bytes        Counter // stored by Fluent Bit
	Delivered, Lost, Late Counter // blobs
	Duplicates, Malformed Counter // records
	Conflicts, Oversized  Counter // records
	Gaps, GapSeconds      Counter
	Retries               Counter

	Pending Gauge // blobs
	Queue   Gauge // bytes
	Up      Gauge // 1 or 0

	Newest      Time // contentCreated of the newest blob delivered
	Listed      Time // end of the newest span listed
	Complete    Time // up to when everything listed is delivered or lost
	LastSuccess Time

	EventLag Histogram

	stream source.Stream
}

// Counts are the sums of a stream or of several.
type Counts struct {
	Records, Blobs, Duplicates, Malformed, Late, Lost, Gaps, Retries, Conflicts, Oversized int64
}

// Counts returns those since the start.
func (s *StreamMetrics) Counts() Counts {
	return Counts{
		Records: s.Records.Load(), Blobs: s.Delivered.Load(), Duplicates: s.Duplicates.Load(), Malformed: s.Malformed.Load(),
		Late: s.Late.Load(), Lost: s.Lost.Load(), Gaps: s.Gaps.Load(), Retries: s.Retries.Load(),
		Conflicts: s.Conflicts.Load(), Oversized: s.Oversized.Load(),
	}
}

// Plus adds.
func (c Counts) Plus(d Counts) Counts {
	return Counts{
		c.Records + d.Records, c.Blobs + d.Blobs, c.Duplicates + d.Duplicates, c.Malformed + d.Malformed,
		c.Late + d.Late, c.Lost + d.Lost, c.Gaps + d.Gaps, c.Retries + d.Retries,
		c.Conflicts + d.Conflicts, c.Oversized + d.Oversized,
	}
}

// Minus subtracts: what has come since d.
func (c Counts) Minus(d Counts) Counts {
	return c.Plus(Counts{-d.Records, -d.Blobs, -d.Duplicates, -d.Malformed, -d.Late, -d.Lost, -d.Gaps, -d.Retries, -d.Conflicts, -d.Oversized})
}

// TenantSources are numbers of a tenant that are asked for instead of counted.
// None of the functions may wait; TokenExpiry and CredentialExpiry give zero
// for what is not known.
type TenantSources struct {
	RequestsPerMinute func() float64
	TokenExpiry       func() time.Time
	CredentialExpiry  func() time.Time
}

// NewMetrics returns the metrics of these tenants, each with these content
// types.
func NewMetrics(tenants, contentTypes []string) *Metrics {
	m := &Metrics{}
	for _, tenant := range tenants {
		t := &TenantMetrics{tenant: tenant, requests: newRequests()}
		for _, contentType := range contentTypes {
			t.streams = append(t.streams, &StreamMetrics{stream: source.Stream{Tenant: tenant, ContentType: contentType}})
		}
		m.tenants = append(m.tenants, t)
	}
	return m
}

// Tenant returns the numbers of one of the tenants, else nil.
func (m *Metrics) Tenant(tenant string) *TenantMetrics {
	for _, t := range m.tenants {
		if t.tenant == tenant {
			return t
		}
	}
	return nil
}

// Stream returns the numbers of one of the content types, else nil.
func (t *TenantMetrics) Stream(contentType string) *StreamMetrics {
	for _, s := range t.streams {
		if s.stream.ContentType == contentType {
			return s
		}
	}
	return nil
}

// Stream returns the numbers of one stream, else nil.
func (m *Metrics) Stream(tenant, contentType string) *StreamMetrics {
	if t := m.Tenant(tenant); t != nil {
		return t.Stream(contentType)
	}
	return nil
}

// EarliestNow is the earliest of this machine's time and that of all tenants'
// services: what has not passed by any of them may still be asked for.
func (m *Metrics) EarliestNow() time.Time {
	now := time.Now()
	earliest := now.Round(0)
	for _, t := range m.tenants {
		if at := t.Clock.at(now); at.Before(earliest) {
			earliest = at
		}
	}
	return earliest
}

// Streams returns the numbers of all streams, in the order of the options.
func (m *Metrics) Streams() []*StreamMetrics {
	var all []*StreamMetrics
	for _, t := range m.tenants {
		all = append(all, t.streams...)
	}
	return all
}

// Tenants names the tenants, in the order of the options.
func (m *Metrics) Tenants() []string {
	var all []string
	for _, t := range m.tenants {
		all = append(all, t.tenant)
	}
	return all
}

// Streams returns the numbers of the tenant's content types.
func (t *TenantMetrics) Streams() []*StreamMetrics { return t.streams }

// Stream names what the numbers are of.
func (s *StreamMetrics) Stream() source.Stream { return s.stream }

// Sum adds a counter of all streams up.
func (m *Metrics) Sum(of func(*StreamMetrics) *Counter) (n int64) {
	for _, t := range m.tenants {
		for _, s := range t.streams {
			n += of(s).Load()
		}
	}
	return n
}

// Names returns all streams, in the order of the options.
func (m *Metrics) Names() []source.Stream {
	var all []source.Stream
	for _, s := range m.Streams() {
		all = append(all, s.stream)
	}
	return all
}

// Lag is how far a stream is behind at now: the time since the moment up to
// which it is complete; 0 before that is known.
func (s *StreamMetrics) Lag(now time.Time) time.Duration {
	complete := s.Complete.Load()
	if complete.IsZero() {
		return 0
	}
	return max(0, now.Sub(complete))
}

// Watch says where the numbers come from that others keep. It comes before
// Series.
func (t *TenantMetrics) Watch(from TenantSources) { t.from = from }

// Series returns all series, those of a metric together, in the order of their
// declaration.
func (m *Metrics) Series() []Series {
	var all []Series
	for _, t := range m.tenants {
		all = append(all, t.series()...)
		for _, s := range t.streams {
			all = append(all, s.series(&t.Clock)...)
		}
	}
	place := func(s Series) int { return slices.Index(declared, s.Metric) }
	slices.SortStableFunc(all, func(a, b Series) int { return place(a) - place(b) })
	return all
}

func (s *StreamMetrics) series(clock *ServiceClock) []Series {
	of := func(m *Metric, n number, more ...string) Series {
		return Series{m, append([]string{s.stream.Tenant, s.stream.ContentType}, more...), n}
	}
	lag := func() float64 { return float64(s.Lag(clock.Now()) / time.Second) }
	return []Series{
		of(&metricUp, &s.Up),
		of(&metricRecords, &s.Records),
		of(&metricBytes, &s.Bytes),
		of(&metricBlobs, &s.Delivered, "delivered"),
		of(&metricBlobs, &s.Lost, "lost"),
		of(&metricLate, &s.Late),
		of(&metricDuplicates, &s.Duplicates),
		of(&metricConflicts, &s.Conflicts),
		of(&metricOversized, &s.Oversized),
		of(&metricMalformed, &s.Malformed),
		of(&metricGaps, &s.Gaps),
		of(&metricGapSeconds, &s.GapSeconds),
		of(&metricRetries, &s.Retries),
		of(&metricPending, &s.Pending),
		of(&metricQueue, &s.Queue),
		of(&metricComplete, &s.Complete),
		of(&metricLag, computed(lag)),
		of(&metricListed, &s.Listed),
		of(&metricNewest, &s.Newest),
		of(&metricLastSuccess, &s.LastSuccess),
		of(&metricEventLag, &s.EventLag),
	}
}

func (t *TenantMetrics) series() []Series {
	values := []string{t.tenant}
	seconds := func(at func() time.Time) computed {
		return func() float64 { return float64(unix(at())) }
	}
	all := []Series{
		{&metricThrottled, values, &t.Throttled},
		{&metricSkew, values, computed(func() float64 { return float64(t.Clock.skew() / time.Second) })},
		{&metricRequestsPerMinute, values, computed(func() float64 { return math.Round(t.from.RequestsPerMinute()) })},
		{&metricTokenExpiry, values, seconds(t.from.TokenExpiry)},
	}
	if !t.from.CredentialExpiry().IsZero() {
		all = append(all, Series{&metricCredentialExpiry, values, seconds(t.from.CredentialExpiry)})
	}
	for _, r := range t.requests {
		for i, code := range r.codes {
			all = append(all, Series{&metricRequests, []string{t.tenant, string(r.op), code}, &r.counts[i]})
		}
	}
	return all
}
