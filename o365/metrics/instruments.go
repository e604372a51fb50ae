package metrics

import (
	"math"
	"sync/atomic"
	"time"
)

// instrument keeps or computes the value of one series. Reading it allocates
// nothing and does not block.
type instrument interface{ value() float64 }

// Counter is a sum that only grows. The zero value is ready to use, and it is safe
// for concurrent use, as the other instruments are.
type Counter struct{ n atomic.Int64 }

// Add adds n, which is not negative.
func (c *Counter) Add(n int) { c.n.Add(int64(n)) }

// Load returns the sum.
func (c *Counter) Load() int64 { return c.n.Load() }

func (c *Counter) value() float64 { return float64(c.n.Load()) }

// Gauge is a whole number that goes up and down.
type Gauge struct{ n atomic.Int64 }

// Add adds n, which may be negative.
func (g *Gauge) Add(n int) { g.n.Add(int64(n)) }

// Set replaces the value.
func (g *Gauge) Set(n int64) { g.n.Store(n) }

// Load returns the value.
func (g *Gauge) Load() int64 { return g.n.Load() }

func (g *Gauge) value() float64 { return float64(g.n.Load()) }

// Time is a gauge of a point in time: Unix seconds, 0 for none.
type Time struct{ Gauge }

// Set replaces the time; the zero time is none.
func (t *Time) Set(at time.Time) { t.n.Store(unixSeconds(at)) }

// Advance replaces the time by a later one, and ignores an earlier one.
func (t *Time) Advance(at time.Time) {
	for s := unixSeconds(at); ; {
		if old := t.n.Load(); s <= old || t.n.CompareAndSwap(old, s) {
			return
		}
	}
}

// Load returns the time in UTC; the zero time for none.
func (t *Time) Load() time.Time {
	if s := t.n.Load(); s != 0 {
		return time.Unix(s, 0).UTC()
	}
	return time.Time{}
}

// unixSeconds is 0 for the zero time.
func unixSeconds(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.Unix()
}

// GaugeFunc is a gauge whose value is computed when it is read, and rounded to a
// whole number. The function must not block. A nil one has no series; it is set
// before [Set.Series] is called.
type GaugeFunc func() float64

func (f *GaugeFunc) value() float64 { return math.Round((*f)()) }

// TimeFunc is a gauge of a point in time that is looked up when it is read: Unix
// seconds, 0 for the zero time. Otherwise it is as [GaugeFunc].
type TimeFunc func() time.Time

func (f *TimeFunc) value() float64 { return float64(unixSeconds((*f)())) }
