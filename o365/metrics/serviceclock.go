package metrics

import (
	"sync/atomic"
	"time"
)

// Moment is one moment by two clocks: this machine's, with its monotonic reading,
// and the service's. The monotonic clock continues the service's time from there,
// however this machine's clock is set.
type Moment struct{ Local, Service time.Time }

// At returns the service's time at now.
func (m Moment) At(now time.Time) time.Time { return m.Service.Add(now.Sub(m.Local)) }

// ClockNoise is the difference between two clocks up to which they count as equal:
// the dates of answers are whole seconds, and answers take time.
const ClockNoise = 2 * time.Second

// ServiceClock is the instrument of clock_skew_seconds: the service's time, by which
// lag_seconds and windows of content are computed. It shows this machine's time
// until it is set. It is safe for concurrent use.
type ServiceClock struct{ moment atomic.Pointer[Moment] }

// Set sets the clock to the service's time at a moment.
func (c *ServiceClock) Set(m Moment) {
	if have := c.moment.Load(); have == nil || *have != m {
		c.moment.Store(&m)
	}
}

// Now returns the service's time.
func (c *ServiceClock) Now() time.Time { return c.at(time.Now()) }

func (c *ServiceClock) at(now time.Time) time.Time {
	m := c.moment.Load()
	if m == nil {
		return now.Round(0)
	}
	return m.At(now)
}

// value is the skew in whole seconds: the service's clock minus this machine's, 0
// below ClockNoise.
func (c *ServiceClock) value() float64 {
	now := time.Now()
	skew := c.at(now).Sub(now.Round(0))
	if skew.Abs() < ClockNoise {
		return 0
	}
	return float64(skew / time.Second)
}
