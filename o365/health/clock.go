package health

import (
	"sync/atomic"
	"time"
)

// Moment is the same moment by this machine's clock, with its monotonic reading,
// and by the service's. From it on the monotonic clock tells the service's time,
// however this machine's is set.
type Moment struct{ Local, Service time.Time }

// At is what the service's clock shows at now.
func (m Moment) At(now time.Time) time.Time { return m.Service.Add(now.Sub(m.Local)) }

// ClockNoise is below what differences between two clocks are not looked at: dates
// are whole seconds, and answers take time.
const ClockNoise = 2 * time.Second

// ServiceClock is the service's time. Until it is set it is this machine's. It is
// safe for concurrent use.
type ServiceClock struct{ moment atomic.Pointer[Moment] }

// Set says what the service's clock shows at a moment.
func (c *ServiceClock) Set(m Moment) {
	if have := c.moment.Load(); have == nil || *have != m {
		c.moment.Store(&m)
	}
}

// Now is the service's time.
func (c *ServiceClock) Now() time.Time { return c.at(time.Now()) }

func (c *ServiceClock) at(now time.Time) time.Time {
	m := c.moment.Load()
	if m == nil {
		return now.Round(0)
	}
	return m.At(now)
}

// skew is how far the service's clock is ahead of what this machine's shows.
func (c *ServiceClock) skew() time.Duration {
	now := time.Now()
	skew := c.at(now).Sub(now.Round(0))
	if skew.Abs() < ClockNoise {
		return 0
	}
	return skew
}
