package collector

import (
	"fmt"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
)

// largestUnreportedSkew is how far the clocks may differ without a report.
const largestUnreportedSkew = 5 * time.Minute

func (s *state) reportSkew(skew time.Duration) {
	if skew.Abs() < largestUnreportedSkew {
		s.reportedSkew = 0
		s.monitor.Clear(s.tenant(), health.Clock)
		return
	}
	if (skew - s.reportedSkew).Abs() < time.Minute {
		return // every answer has a date
	}
	s.reportedSkew = skew
	direction := "behind"
	if skew < 0 {
		direction = "ahead of"
	}
	s.monitor.Set(s.tenant(), health.Clock, health.Degraded, health.Cause{
		What:   "the clock of this machine is " + direction + " Microsoft's",
		Do:     `set it, for example with "timedatectl set-ntp true"; Microsoft's time is used for listing meanwhile`,
		Detail: "by " + skew.Abs().Round(10*time.Second).String(),
	})
}

// reportImpossibleDate reports an answer with a date that no clock can show: as a
// condition if some in a row had one, otherwise as a warning.
func (s *state) reportImpossibleDate(date, now time.Time) {
	if s.serviceClock.implausible >= agreeingAnswers {
		s.reportedSkew = 0
		s.monitor.Set(s.tenant(), health.Clock, health.Degraded, health.Cause{
			What:   "the service's answers have an impossible date",
			Do:     "look for a proxy on the way that changes it; this machine's clock is used for listing meanwhile, so make sure that it is right",
			Detail: date.UTC().Format(time.RFC3339),
		})
		return
	}
	s.warnAboutDate(now, fmt.Sprintf("an answer of the service has an impossible date (%s) and is not believed", date.UTC().Format(time.RFC3339)))
}

// reportContradictedDate reports that single answers had another date than the rest.
func (s *state) reportContradictedDate(now time.Time) {
	s.warnAboutDate(now, "an answer of the service had a date that the others contradict and was not believed")
}

// warnAboutDate logs at most one warning an hour.
func (s *state) warnAboutDate(now time.Time, text string) {
	if !s.dateWarnedAt.IsZero() && now.Sub(s.dateWarnedAt) < time.Hour {
		return
	}
	s.dateWarnedAt = now
	s.log.Warnf("%s: %s; if this continues, look for a proxy on the way that changes dates", s.cfg.Tenant, text)
}
