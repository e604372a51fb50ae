package health

import (
	"sync/atomic"
	"time"
)

// Type is how a metric behaves, in Prometheus' words.
type Type string

// The types.
const (
	CounterType   Type = "counter"
	GaugeType     Type = "gauge"
	HistogramType Type = "histogram"
)

// Metric describes a number that is kept for several sets of labels.
type Metric struct {
	Name   string // by Prometheus' conventions, without the namespace
	Type   Type
	Labels []string // beside the name of the input
	Help   string   // in whole sentences
}

// Series is one metric for one set of labels.
type Series struct {
	*Metric
	Values []string // of the labels
	number number
}

type number interface{ value() float64 }

// Value is the present value of a counter or gauge. It allocates nothing.
func (s *Series) Value() float64 { return s.number.value() }

// Histogram is what a series of that type counts, else nil.
func (s *Series) Histogram() *Histogram {
	h, _ := s.number.(*Histogram)
	return h
}

// Counter only grows. The zero value counts from zero; it is safe for
// concurrent use, as the other numbers are.
type Counter struct{ n atomic.Int64 }

// Add adds n, which is not negative.
func (c *Counter) Add(n int) { c.n.Add(int64(n)) }

// Load is how much was added.
func (c *Counter) Load() int64 { return c.n.Load() }

func (c *Counter) value() float64 { return float64(c.n.Load()) }

// Gauge is a whole number that goes up and down.
type Gauge struct{ n atomic.Int64 }

// Add adds n, which may be negative.
func (g *Gauge) Add(n int) { g.n.Add(int64(n)) }

// Set replaces the value.
func (g *Gauge) Set(n int64) { g.n.Store(n) }

// Load is the value.
func (g *Gauge) Load() int64 { return g.n.Load() }

func (g *Gauge) value() float64 { return float64(g.n.Load()) }

// Time is a gauge of a moment in Unix seconds, 0 for never.
type Time struct{ Gauge }

// Set replaces the moment; the zero time is never.
func (t *Time) Set(at time.Time) { t.n.Store(unix(at)) }

// Advance replaces the moment by a later one.
func (t *Time) Advance(at time.Time) {
	for s := unix(at); ; {
		if old := t.n.Load(); s <= old || t.n.CompareAndSwap(old, s) {
			return
		}
	}
}

// Load is the moment; zero for never.
func (t *Time) Load() time.Time {
	if s := t.n.Load(); s != 0 {
		return time.Unix(s, 0).UTC()
	}
	return time.Time{}
}

func unix(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.Unix()
}

// computed is a number that is worked out when it is asked for. It must not
// wait.
type computed func() float64

func (f computed) value() float64 { return f() }

// LagBounds are the upper bounds of a Histogram's buckets, in seconds: from
// minutes, of which Microsoft needs some dozens, to days, after which audit
// records can still arrive.
var LagBounds = [...]float64{
	5 * 60, 15 * 60, 30 * 60, 3600, 90 * 60, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600,
	24 * 3600, 2 * 24 * 3600, 4 * 24 * 3600, 7 * 24 * 3600,
}

// Histogram counts times, in whole seconds, by LagBounds.
type Histogram struct {
	counts [len(LagBounds) + 1]atomic.Int64 // of one bucket each
	sum    atomic.Int64
}

// Observe counts one time. A negative one, which wrong clocks make, is none.
func (h *Histogram) Observe(seconds int64) {
	seconds = max(0, seconds)
	i := 0
	for i < len(LagBounds) && float64(seconds) > LagBounds[i] {
		i++
	}
	h.sum.Add(seconds)
	h.counts[i].Add(1)
}

// Buckets is what a Histogram has counted, as Prometheus wants it: each bucket
// holds all times up to its bound, and the last one all there are.
type Buckets [len(LagBounds) + 1]uint64

// Count is the number of times.
func (b *Buckets) Count() uint64 { return b[len(b)-1] }

// Count is the number of times counted so far.
func (h *Histogram) Count() (n uint64) {
	for i := range h.counts {
		n += uint64(h.counts[i].Load())
	}
	return n
}

// Read returns the buckets and the sum of the times.
func (h *Histogram) Read() (b Buckets, sum float64) {
	sum = float64(h.sum.Load())
	var n uint64
	for i := range h.counts {
		n += uint64(h.counts[i].Load())
		b[i] = n
	}
	return b, sum
}

func (h *Histogram) value() float64 { return float64(h.sum.Load()) }
