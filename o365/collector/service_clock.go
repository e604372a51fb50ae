package collector

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
)

// serviceClock is the service's time as far as it is known from the dates of its
// answers. It begins with this machine's time; setting this machine's clock later
// does not move it.
//
// The date of an answer that contradicts the believed time is itself believed only
// when the next ones agree with it, since a proxy, a cache or one server of many may
// be wrong.
type serviceClock struct {
	believed metrics.Moment
	known    bool // an answer has confirmed or corrected it

	contrary        metrics.Moment // the time of answers that contradict believed and agree with each other
	contraryAnswers int            // so many of those, in a row
	implausible     int            // dates in a row that no clock can show
	distrusted      metrics.Moment // a time that was believed and proved wrong
	distrustedUntil time.Time      // it is not believed before
	itemsAgainst    int            // items in a row that cannot exist at the believed time
}

const (
	// sameClockTolerance is how far two dates of one clock may be apart: they are in
	// whole seconds, and answers take time.
	sameClockTolerance = 5 * time.Second
	// agreeingAnswers is how many answers in a row have to contradict the believed
	// time to replace it.
	agreeingAnswers = 3
	// distrustTime is how long a time that proved wrong is not believed.
	distrustTime = time.Hour
	// disprovingItems is how many items in a row have to contradict the believed time
	// to end it.
	disprovingItems = 3
	// farSkew is the difference of the two clocks above which content is listed by
	// both.
	farSkew = time.Hour
)

// A service's date is plausible between these, whatever this machine's clock shows,
// or else within nearDateDistance of that.
var (
	earliestDate = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	latestDate   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

const nearDateDistance = 30 * 24 * time.Hour

func plausible(t, now time.Time) bool {
	return !t.Before(earliestDate) && t.Before(latestDate) || t.Sub(now.Round(0)).Abs() < nearDateDistance
}

func newServiceClock(now time.Time) serviceClock { return serviceClock{believed: localMoment(now)} }

// localMoment is a moment at which both clocks show the same.
func localMoment(now time.Time) metrics.Moment {
	return metrics.Moment{Local: now, Service: now.Round(0).UTC()}
}

// at is the service's time at now.
func (c *serviceClock) at(now time.Time) time.Time { return c.believed.At(now) }

// skew is how far the service's clock is ahead of this machine's.
func (c *serviceClock) skew(now time.Time) time.Duration { return c.at(now).Sub(now.Round(0)) }

// far reports whether the two clocks differ by hours.
func (c *serviceClock) far(now time.Time) bool { return c.skew(now).Abs() > farSkew }

// expiryTime is the time by which items expire: the service's, or the earlier of both
// clocks while that is not known or in dispute.
func (c *serviceClock) expiryTime(now time.Time) time.Time {
	if c.known && c.contraryAnswers == 0 {
		return c.at(now)
	}
	return earlier(now.Round(0).UTC(), c.at(now))
}

// dateFinding is what the date of an answer means.
type dateFinding int

const (
	dateAgrees     dateFinding = iota
	dateIgnored                // it contradicts, and too few others agree with it
	dateImpossible             // no clock can show it
	dateBelieved               // it contradicts, as others did, and is believed from now on
)

// observe takes in the date of an answer that came at now.
func (c *serviceClock) observe(date, now time.Time) dateFinding {
	if !plausible(date, now) {
		c.implausible++
		return dateImpossible
	}
	c.implausible = 0
	off := date.Sub(c.at(now))
	if off.Abs() <= sameClockTolerance {
		if off.Abs() > metrics.ClockNoise {
			c.believed = metrics.Moment{Local: now, Service: date}
		}
		c.known, c.contraryAnswers = true, 0
		return dateAgrees
	}
	if now.Before(c.distrustedUntil) && date.Sub(c.distrusted.At(now)).Abs() <= time.Minute {
		return dateIgnored
	}
	if c.contraryAnswers == 0 || date.Sub(c.contrary.At(now)).Abs() > sameClockTolerance {
		c.contrary, c.contraryAnswers = metrics.Moment{Local: now, Service: date}, 0
	}
	if c.contraryAnswers++; c.contraryAnswers < agreeingAnswers {
		return dateIgnored
	}
	c.believed, c.known, c.contraryAnswers, c.itemsAgainst = metrics.Moment{Local: now, Service: date}, true, 0, 0
	return dateBelieved
}

// observeItem takes in when an item became available that was listed at now and is
// kept for the retention. It reports whether it distrusted the believed time, because
// items in a row cannot be listed at such a time.
func (c *serviceClock) observeItem(created, now time.Time, retention time.Duration) (distrusted bool) {
	const tolerance = 10 * time.Minute
	service := c.at(now)
	if !c.far(now) || !plausible(created, now) ||
		!created.After(service.Add(tolerance)) && !created.Before(service.Add(-retention-24*time.Hour)) {
		c.itemsAgainst = 0
		return false
	}
	if c.itemsAgainst++; c.itemsAgainst < disprovingItems {
		return false
	}
	c.distrustBelieved(now)
	return true
}

// distrustBelieved replaces the believed time by this machine's.
func (c *serviceClock) distrustBelieved(now time.Time) {
	c.distrusted, c.distrustedUntil = c.believed, now.Add(distrustTime)
	c.believed, c.contraryAnswers, c.itemsAgainst = localMoment(now), 0, 0
}
