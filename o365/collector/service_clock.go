package collector

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
)

// serviceClock is the service's time as far as it is known. Setting this machine's clock
// does not move it.
//
// Before the service has said anything it is this machine's time. A date of an
// answer that contradicts what is believed is believed itself only when the next
// ones agree with it: a proxy, a cache or a server of many may be wrong once.
type serviceClock struct {
	believed metrics.Moment
	known    bool // the service has confirmed or set it

	contradiction   metrics.Moment // what answers say that contradict, and agree among themselves
	contradictions  int            // so many of them, in a row
	implausible     int            // dates in a row that no clock can have
	distrusted      metrics.Moment // what was believed and proved wrong
	distrustedUntil time.Time      // ends then
	itemsAgainst    int            // entries in a row that cannot be of the time that is believed
}

const (
	// sameClock is how far two dates of one clock may be apart: whole seconds, and
	// the time that answers take.
	sameClockTolerance = 5 * time.Second
	// agreeing is how many answers in a row have to contradict what is believed.
	agreeingAnswers = 3
	// distrustTime is how long a time that proved wrong is not believed again.
	distrustTime = time.Hour
	// entriesAgainst is how many entries in a row have to contradict the time that
	// is believed.
	disprovingItems = 3
	// apart is from when on two clocks differ so much that content is looked for by
	// both.
	farSkew = time.Hour
)

// The dates that the service can have, whatever this machine's clock shows; others
// must be near that.
var (
	earliestDate = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	latestDate   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

const nearDateDistance = 30 * 24 * time.Hour

func plausible(t, now time.Time) bool {
	return !t.Before(earliestDate) && t.Before(latestDate) || t.Sub(now.Round(0)).Abs() < nearDateDistance
}

func newServiceClock(now time.Time) serviceClock { return serviceClock{believed: localMoment(now)} }

// localMoment is a moment at which the service's clock shows what this machine's does.
func localMoment(now time.Time) metrics.Moment {
	return metrics.Moment{Local: now, Service: now.Round(0).UTC()}
}

// at is the service's time at now.
func (c *serviceClock) at(now time.Time) time.Time { return c.believed.At(now) }

// skew is how far the service's clock is ahead of what this machine's shows.
func (c *serviceClock) skew(now time.Time) time.Duration { return c.at(now).Sub(now.Round(0)) }

// far reports whether the two clocks differ so much that one of them is wrong by
// hours.
func (c *serviceClock) far(now time.Time) bool { return c.skew(now).Abs() > farSkew }

// atEarliest is the earlier of both clocks: what has not passed by each of them may
// still be had.
func (c *serviceClock) atEarliest(now time.Time) time.Time {
	return earlier(now.Round(0).UTC(), c.at(now))
}

// dateFinding is what a date of an answer means.
type dateFinding int

const (
	dateAgrees     dateFinding = iota
	dateIgnored                // it contradicts, and no others agree with it yet
	dateImpossible             // no clock can show it
	dateBelieved               // it contradicted, and is believed from now on
)

// observe takes the date of an answer that came at now.
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
		c.known, c.contradictions = true, 0
		return dateAgrees
	}
	if now.Before(c.distrustedUntil) && date.Sub(c.distrusted.At(now)).Abs() <= time.Minute {
		return dateIgnored
	}
	if c.contradictions == 0 || date.Sub(c.contradiction.At(now)).Abs() > sameClockTolerance {
		c.contradiction, c.contradictions = metrics.Moment{Local: now, Service: date}, 0
	}
	if c.contradictions++; c.contradictions < agreeingAnswers {
		return dateIgnored
	}
	c.believed, c.known, c.contradictions, c.itemsAgainst = metrics.Moment{Local: now, Service: date}, true, 0, 0
	return dateBelieved
}

// observeItem takes when an item became available that was listed at now and is kept for
// the retention. It reports
// whether the time that is believed is given up for this machine's, because such
// content cannot be listed then.
func (c *serviceClock) observeItem(created, now time.Time, retention time.Duration) (dropped bool) {
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

// distrustBelieved gives up what is believed for this machine's clock.
func (c *serviceClock) distrustBelieved(now time.Time) {
	c.distrusted, c.distrustedUntil = c.believed, now.Add(distrustTime)
	c.believed, c.contradictions, c.itemsAgainst = localMoment(now), 0, 0
}
