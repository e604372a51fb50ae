package metrics

import "sync/atomic"

// LagBounds are the upper bounds of a [Histogram]'s buckets, in seconds: from
// minutes, dozens of which Microsoft usually takes to publish a record, to days,
// since some records arrive that late.
var LagBounds = [...]float64{
	5 * 60, 15 * 60, 30 * 60, 3600, 90 * 60, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600,
	24 * 3600, 2 * 24 * 3600, 4 * 24 * 3600, 7 * 24 * 3600,
}

// Histogram counts durations in whole seconds, by LagBounds. It is safe for
// concurrent use.
type Histogram struct {
	counts [len(LagBounds) + 1]atomic.Int64 // of each bucket alone
	sum    atomic.Int64                     // seconds
}

// Observe counts one duration. A negative one, which wrong clocks cause, counts
// as 0.
func (h *Histogram) Observe(seconds int64) {
	seconds = max(0, seconds)
	i := 0
	for i < len(LagBounds) && float64(seconds) > LagBounds[i] {
		i++
	}
	h.sum.Add(seconds)
	h.counts[i].Add(1)
}

// Buckets are the counts of a [Histogram], cumulative as Prometheus has them: each
// bucket has all durations up to its bound, and the last one all there are.
type Buckets [len(LagBounds) + 1]uint64

// Count is the number of durations.
func (b *Buckets) Count() uint64 { return b[len(b)-1] }

// Count is the number of durations counted so far.
func (h *Histogram) Count() (n uint64) {
	for i := range h.counts {
		n += uint64(h.counts[i].Load())
	}
	return n
}

// Read returns the buckets, and the sum of the durations in seconds.
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
