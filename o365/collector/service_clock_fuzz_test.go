package collector

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"
)

var fuzzStart = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// fuzzedDate is a date in an answer or an item, and how long after the one before.
type fuzzedDate struct {
	after time.Duration
	kind  byte
	value int64
}

const (
	fuzzedDateSize = 4              // bytes of one
	mostLocalSkew  = 150 * 365 * 24 // hours that this machine's clock may be off
)

func fuzzedDates(data []byte) (all []fuzzedDate) {
	for ; len(data) >= fuzzedDateSize && len(all) < 500; data = data[fuzzedDateSize:] {
		after := time.Duration(data[1]) * time.Second
		if data[1] > 200 {
			after = time.Duration(data[1]-200) * 20 * time.Minute
		}
		all = append(all, fuzzedDate{after, data[0], int64(int16(binary.BigEndian.Uint16(data[2:])))})
	}
	return all
}

// of is the time that is meant by it.
func (w fuzzedDate) of(c *serviceClock, now time.Time) time.Time {
	v := time.Duration(w.value)
	switch w.kind % 8 {
	case 0:
		return now.Add(v % 3 * time.Second) // right
	case 1:
		return now.Add(v * time.Second)
	case 2:
		return now.Add(v * time.Minute)
	case 3:
		return now.Add(v * time.Hour)
	case 4:
		return now.Add(24 * v * time.Hour)
	case 5:
		return time.Date(int(w.value)%10000, 1, 1, 0, 0, 0, 0, time.UTC)
	case 6:
		return c.at(now).Add(v % 8 * time.Second) // it knows what is believed
	}
	return c.contrary.At(now).Add(v % 8 * time.Second) // it knows what contradicts that
}

func addDateSeeds(f *testing.F) {
	right, behind, impossible := "\x00\x01\x00\x00", "\x03\x01\xff\x00", "\x05\x01\x07\xb2"
	for _, tale := range []string{
		right, right + behind + behind + right, behind + behind + behind, impossible + impossible + impossible + impossible,
		behind + impossible + behind + right + behind, behind + behind + behind + "\x00\xff\x00\x00" + behind + behind + behind,
		strings.Repeat("\x06\x01\x00\x05", 20), behind + behind + behind + strings.Repeat("\x80\x01\x00\x00", 3) + behind + behind + behind + behind,
		strings.Repeat(right+impossible, 5), strings.Repeat(right+behind, 5),
		strings.Repeat("\x04\x02\x00\x1d", 9) + strings.Repeat("\x04\x02\x7f\xff", 3), strings.Repeat("\x08\x0a\x00\x00", 3) + strings.Repeat(behind, 9),
	} {
		for _, local := range []int32{0, 9 * 24, -56 * 365 * 24, 124 * 365 * 24} {
			f.Add([]byte(tale), local)
		}
	}
}

// possible is what a service's clock may show: a time of this century from 2024 on,
// or of the 30 days around what this machine's does.
func possible(at, now time.Time) bool {
	return at.Year() >= 2024 && at.Year() < 2100 || at.Sub(now) < 30*24*time.Hour && now.Sub(at) < 30*24*time.Hour
}

// FuzzClock observes any times, as dates and of items. What is believed is a time
// that the service can have, and another one than before only by the word of as
// many as have to agree.
func FuzzClock(f *testing.F) {
	addDateSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte, local int32) {
		now := fuzzStart.Add(time.Duration(local%mostLocalSkew) * time.Hour)
		c := newServiceClock(now)
		var row []time.Duration // how far off what contradicts was, in a row
		against := 0
		for i, w := range fuzzedDates(data) {
			now = now.Add(w.after)
			at, before, was := w.of(&c, now), c, c.at(now)
			off := at.Sub(was)
			if w.kind >= 128 {
				against++
				switch dropped := c.observeItem(at, now, retention); {
				case dropped && (against < disprovingItems || !before.far(now) || c.skew(now) != 0):
					t.Fatalf("%d: distrusted after %d items, %v off", i, against, c.skew(now))
				case dropped:
					against, row = 0, nil
				case c.believed != before.believed:
					t.Fatalf("%d: an item moved the clock", i)
				case c.itemsAgainst == 0:
					against = 0
				}
				continue
			}
			found := c.observe(at, now)
			moved := c.believed != before.believed
			switch {
			case possible(at, now) == (found == dateImpossible):
				t.Fatalf("%d: %v at %v gives %d", i, at, now, found)
			case found == dateImpossible || found == dateIgnored:
				if moved || c.known != before.known || found == dateIgnored && off.Abs() <= sameClockTolerance {
					t.Fatalf("%d: %v, which is %v off, gives %d and %+v", i, at, off, found, c)
				}
				if found == dateIgnored && c.contraryAnswers > 0 && c.contrary.At(now).Sub(at).Abs() <= sameClockTolerance {
					row = append(row, at.Sub(now))
				}
			case found == dateAgrees:
				if off.Abs() > sameClockTolerance || c.at(now).Sub(was).Abs() > off.Abs() || !c.known {
					t.Fatalf("%d: %v, which is %v off, agrees: %+v", i, at, off, c)
				}
				row = nil
			default:
				if row = append(row, at.Sub(now)); len(row) < agreeingAnswers || !c.at(now).Equal(at) || !c.known {
					t.Fatalf("%d: %v is believed after %v", i, at, row)
				}
				for _, other := range row[len(row)-agreeingAnswers:] {
					if (other - at.Sub(now)).Abs() > 2*sameClockTolerance {
						t.Fatalf("%d: %v is believed after %v", i, at, row)
					}
				}
				if now.Before(before.distrustedUntil) && at.Sub(before.distrusted.At(now)).Abs() <= time.Minute {
					t.Fatalf("%d: %v is believed again", i, at)
				}
				row = nil
			}
			if !possible(c.believed.Service, c.believed.Local) || c.contraryAnswers >= agreeingAnswers || c.itemsAgainst >= disprovingItems {
				t.Fatalf("%d: %+v", i, c)
			}
		}
	})
}

// FuzzWrongDates lets two dates in a row be wrong by as much as they like: that does not
// move the clock. (By less than two clocks may differ they can, as a slow clock
// does.)
func FuzzWrongDates(f *testing.F) {
	addDateSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte, local int32) {
		truth := fuzzStart
		now := fuzzStart.Add(time.Duration(local%mostLocalSkew) * time.Hour)
		c := newServiceClock(now)
		for range agreeingAnswers {
			c.observe(truth, now)
		}
		lies := 0
		for i, w := range fuzzedDates(data) {
			now, truth = now.Add(w.after), truth.Add(w.after)
			date := w.of(&c, now).Add(truth.Sub(now))
			if off := date.Sub(truth).Abs(); lies == agreeingAnswers-1 || off < 3*sameClockTolerance {
				date, lies = truth.Add(time.Duration(w.value%3)*time.Second), 0
			} else {
				lies++
			}
			c.observe(date, now)
			if off := c.at(now).Sub(truth).Abs(); off > sameClockTolerance {
				t.Fatalf("%d: the clock is %v off after %v", i, off, date)
			}
		}
	})
}
