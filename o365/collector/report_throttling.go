package collector

import (
	"fmt"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// throttling distinguishes a throttle that lasts from one that passes.
type throttling struct {
	since    time.Time // first refusal; zero: there was none
	accepted int       // requests since the last refusal
}

const (
	throttleReportAfter = time.Minute // from the first refusal
	acceptedToRecover   = 3           // requests in a row that end a throttle
)

// requestThrottled reports a throttle that lasts.

func (s *state) requestThrottled(now time.Time, err error) {
	s.throttling.accepted = 0
	if e := apiError(err); e != nil && e.RetryAfter > longestRefusalPause {
		s.reportLongWait(e, now)
		return
	}
	if s.throttling.since.IsZero() {
		s.throttling.since = now
	}
	if now.Sub(s.throttling.since) <= throttleReportAfter {
		return
	}
	s.monitor.Set(s.tenant(), health.Throttled, health.Degraded, health.Cause{
		What: "Microsoft refuses most requests", Transient: true,
		Do: "nothing need be done unless it lasts: it goes on more slowly; other collectors may use up the tenant's quota, " +
			"and if nothing helps Microsoft's support can raise it", Detail: err.Error(),
	})
}

// reportLongWait reports at once that the service asks to wait for more than a
// minute.
func (s *state) reportLongWait(e *source.Error, now time.Time) {
	if s.throttling.since.IsZero() {
		s.throttling.since = now
	}
	what := "Microsoft asks to wait before further requests"
	if e.RetryAfter > longestServiceWait {
		what = "Microsoft asks to wait longer than is sensible before further requests"
	}
	s.monitor.Set(s.tenant(), health.Throttled, health.Degraded, health.Cause{
		What: what, Transient: true,
		Do:     "nothing need be done unless it lasts: nothing else is asked for that long, or for 15 minutes if that is less, but a single request tries every minute",
		Detail: fmt.Sprintf("Retry-After: %s, until %s; %v", e.RetryAfter, now.Add(min(e.RetryAfter, longestServiceWait)).UTC().Format(time.RFC3339), e),
	})
}

// requestAccepted ends a throttle after some accepted requests in a row.
func (s *state) requestAccepted() {
	if s.throttling.since.IsZero() {
		return
	}
	if s.throttling.accepted++; s.throttling.accepted >= acceptedToRecover {
		s.throttling = throttling{}
		s.monitor.Clear(s.tenant(), health.Throttled)
	}
}
