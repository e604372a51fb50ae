package health

import (
	"sync/atomic"
	"time"
)

// ServiceClock is the service's time: a moment by two clocks, from which on this
// machine's monotonic clock counts. Until it is set it is this machine's time. It
// is safe for concurrent use.
type ServiceClock struct{ moment atomic.Pointer[moment] }

type moment struct{ local, service time.Time }

// Set says what the service's clock shows at a moment, which has a monotonic
// reading.
func (c *ServiceClock) Set(local, service time.Time) {
	if m := c.moment.Load(); m == nil || !m.local.Equal(local) || !m.service.Equal(service) {
		c.moment.Store(&moment{local, service})
	}
}

// Now is the service's time.
func (c *ServiceClock) Now() time.Time { return c.at(time.Now()) }

func (c *ServiceClock) at(now time.Time) time.Time {
	m := c.moment.Load()
	if m == nil {
		return now.Round(0)
	}
	return m.service.Add(now.Sub(m.local))
}

// skew is how far the service's clock is ahead of what this machine's shows.
func (c *ServiceClock) skew() time.Duration {
	now := time.Now()
	skew := c.at(now).Sub(now.Round(0))
	if skew.Abs() < 2*time.Second { // whole seconds, and the time that answers take
		return 0
	}
	return skew
}
