package collector

import (
	"slices"
	"testing"
	"time"
)

func TestClockObserves(t *testing.T) {
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	const hour = time.Hour
	at := func(off time.Duration) func(time.Time) time.Time {
		return func(now time.Time) time.Time { return now.Add(off) }
	}
	fixed := func(year int) func(time.Time) time.Time {
		return func(time.Time) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	}
	right, ahead, behind := at(0), at(3*hour), at(-9*24*hour)
	for _, tt := range []struct {
		name  string
		local time.Duration // this machine's clock is so much off
		dates []func(time.Time) time.Time
		want  time.Duration // what is believed in the end, against the truth
		known bool
	}{
		{"right", 0, of(right), 0, true},
		{"nothing", 0, nil, 0, false},
		{"one wrong first", 0, of(behind, right), 0, true},
		{"one wrong later", 0, of(right, right, behind, right), 0, true},
		{"two wrong", 0, of(right, behind, behind), 0, true},
		{"three wrong", 0, of(right, behind, behind, behind), -9 * 24 * hour, true},
		{"three that differ", 0, of(right, behind, ahead, at(hour)), 0, true},
		{"three that differ, each earlier", 0, of(right, ahead, at(hour), behind), 0, true},
		{"three, but not in a row", 0, of(behind, behind, right, behind), 0, true},
		{"always 1970", 0, of(fixed(1970), fixed(1970), fixed(1970), fixed(1970)), 0, false},
		{"always 9999", 0, of(fixed(9999), fixed(9999), fixed(9999), fixed(9999)), 0, false},
		{"year 1", 0, of(fixed(1), fixed(1), fixed(1)), 0, false},
		{"wrong, then right", 0, of(behind, behind, behind, right, right, right), 0, true},
		{"this machine is 8 days ahead", 8 * 24 * hour, of(right, right, right), 0, true},
		{"this machine is 8 days behind", -8 * 24 * hour, of(right, right, right), 0, true},
		{"this machine is in 1970", -56 * 365 * 24 * hour, of(right, right, right), 0, true},
		{"this machine is in 2150", 124 * 365 * 24 * hour, of(right, right, right), 0, true},
		{"a little off", 0, of(at(4 * time.Second)), 4 * time.Second, true},
		{"noise", 0, of(at(-time.Second)), 0, true},
		{"five minutes off", 0, of(at(5*time.Minute), at(5*time.Minute)), 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newServiceClock(start.Add(tt.local))
			for i, date := range tt.dates {
				truth := start.Add(time.Duration(i) * time.Second)
				c.observe(date(truth), truth.Add(tt.local))
			}
			truth := start.Add(hour)
			if got := c.at(truth.Add(tt.local)).Sub(truth); (got-tt.want).Abs() > sameClockTolerance || c.known != tt.known {
				t.Errorf("the clock is off by %v, want %v; known: %v", got, tt.want, c.known)
			}
		})
	}
}

func of[T any](all ...T) []T { return all }

// Items that cannot exist yet, or have expired, prove a clock wrong.
func TestItemsAgainstClock(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	ahead := func(believed, by time.Duration) []time.Duration {
		return slices.Repeat([]time.Duration{believed + by}, disprovingItems)
	}
	for _, tt := range []struct {
		name    string
		off     time.Duration // what is believed
		created []time.Duration
		want    bool
	}{
		{"of the future", -2 * day, []time.Duration{-time.Hour, -time.Hour, -time.Minute}, true},
		{"of long ago", 9 * day, []time.Duration{-time.Hour, -time.Hour, -time.Minute}, true},
		{"two are not enough", -2 * day, []time.Duration{-time.Hour, -time.Minute}, false},
		{"not in a row", -2 * day, []time.Duration{-time.Hour, -time.Hour, -3 * day, -time.Hour, -time.Hour}, false},
		{"that cannot be at all", -2 * day, []time.Duration{1e6 * time.Hour, 1e6 * time.Hour, 1e6 * time.Hour}, false},
		{"fitting", -2 * day, []time.Duration{-3 * day, -3 * day, -3 * day}, false},
		{"a little ahead", -2 * day, ahead(-2*day, 10*time.Minute), false},
		{"further ahead", -2 * day, ahead(-2*day, 10*time.Minute+time.Second), true},
		{"just expired", 9 * day, ahead(9*day, -retention-day), false},
		{"expired for longer", 9 * day, ahead(9*day, -retention-day-time.Second), true},
		{"without a difference", 0, []time.Duration{time.Hour, time.Hour, time.Hour, time.Hour}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newServiceClock(now)
			for range agreeingAnswers {
				c.observe(now.Add(tt.off), now)
			}
			got := false
			for _, created := range tt.created {
				got = c.observeItem(now.Add(created), now, retention) || got
			}
			if got != tt.want {
				t.Fatalf("given up: %v", got)
			}
			if !got {
				return
			}
			for range 2 * agreeingAnswers {
				c.observe(now.Add(tt.off), now)
			}
			if c.skew(now) != 0 {
				t.Error("it is believed again at once")
			}
			later := now.Add(2 * distrustTime)
			for range agreeingAnswers {
				c.observe(later.Add(tt.off), later)
			}
			if c.skew(later) != tt.off {
				t.Error("it is never believed again")
			}
		})
	}
}
