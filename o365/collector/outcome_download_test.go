package collector

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

var errGone = &source.Error{Op: source.OpDownload, Status: 410}

// When an item is given up: not before it expires by both clocks, and after hours in
// which all answers were that it is gone, but at once where it was given up before.
func TestWhenItemsAreGivenUp(t *testing.T) {
	type outcome struct {
		after time.Duration // since the listing
		err   error
	}
	hours := func(n int, err error) (all []outcome) {
		for h := range n {
			all = append(all, outcome{time.Duration(h) * time.Hour, err})
		}
		return all
	}
	const hour = time.Hour
	for name, test := range map[string]struct {
		outcomes []outcome
		expires  time.Duration // after the listing
		ahead    time.Duration // of the service's clock
		before   bool          // it was given up before
		lost     bool
	}{
		"fails for days":                 {hours(100, errReset), 168 * hour, 0, false, false},
		"expires":                        {hours(4, errReset), 3 * hour, 0, false, true},
		"expires soon":                   {hours(4, errReset), 3*hour + time.Minute, 0, false, false},
		"expired by the service's clock": {hours(2, errReset), 2 * hour, 3 * hour, false, false},
		"expired by both clocks":         {hours(3, errReset), 2 * hour, 3 * hour, false, true},
		"expired by this machine's":      {hours(4, errReset), 2 * hour, -3 * hour, false, false},
		"gone":                           {hours(7, errGone), 168 * hour, 0, false, true},
		"not gone for long":              {hours(6, errGone), 168 * hour, 0, false, false},
		"gone, but one answer":           {append(hours(6, errGone), outcome{6 * hour, errReset}, outcome{7 * hour, errGone}), 168 * hour, 0, false, false},
		"gone again":                     {hours(1, errGone), 168 * hour, 0, true, true},
		"fails again":                    {hours(1, errReset), 168 * hour, 0, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, st, l, now := steadyState(t)
			s.serviceClock.believed = metrics.Moment{Local: now, Service: now.UTC().Add(test.ahead)}
			c := source.Item{ContentType: st.id.ContentType, ID: "id", Created: now.UTC(), Expires: now.UTC().Add(test.expires)}
			s.itemListed(st, l, c, now)
			i := st.items["id"]
			i.lostBefore = test.before
			for _, o := range test.outcomes {
				if st.items["id"] == nil {
					t.Fatalf("it was given up before %v", o.after)
				}
				s.downloaded(result{task: task{kind: downloadItem, stream: st, item: i}, err: o.err}, now.Add(o.after))
			}
			if lost := st.items["id"] == nil; lost != test.lost {
				t.Errorf("given up: %t", lost)
			}
			s.itemListed(st, l, c, now.Add(test.outcomes[len(test.outcomes)-1].after+retentionSweepInterval-time.Minute))
			if again := st.items["id"] != nil; again == test.lost {
				t.Errorf("listed again for a download within hours: %t", again)
			}
		})
	}
}

// An item that works again seconds before it expires is downloaded.
func TestLastChance(t *testing.T) {
	s, st, l, now := steadyState(t)
	expires := now.Add(time.Hour)
	s.itemListed(st, l, source.Item{ContentType: st.id.ContentType, ID: "id", Created: now.UTC(), Expires: expires.UTC()}, now)
	i := st.items["id"]
	last := now
	for st.items["id"] != nil {
		s.downloaded(result{task: task{kind: downloadItem, stream: st, item: i}, err: errReset}, now)
		last, now = now, i.notBefore
		st.retries = nil
	}
	if left := expires.Sub(last); left < 0 || left > 2*firstRetryPause {
		t.Errorf("the last attempt is %v before it expires", left)
	}
}

// An item without a time of its own expires with the listing's retention.
func TestExpiryOfItems(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	st := &stream{limits: source.Limits{Retention: retention}}
	for want, c := range map[time.Time]source.Item{
		at.Add(retention): {Created: at.Add(-time.Hour)},
		at.Add(time.Hour): {Created: at.Add(-time.Hour), Expires: at.Add(time.Hour)},
	} {
		if got := (&item{stream: st, listedAt: at, content: c}).expires(); !got.Equal(want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

// That none of what is listed exists is said after many such answers in a row.
func TestWhatFailingDownloadsAreCalled(t *testing.T) {
	s, st, l, now := steadyState(t)
	const single, all = "some content can't be downloaded", "none of it exists"
	listed := 0
	fail := func(times int, err error) string {
		listed++
		id := fmt.Sprint(listed)
		s.itemListed(st, l, source.Item{ContentType: st.id.ContentType, ID: id, Created: now.UTC()}, now)
		for range times {
			s.downloaded(result{task: task{kind: downloadItem, stream: st, item: st.items[id]}, err: err}, now)
		}
		return s.holds()["Exchange download"].what
	}
	for _, step := range []struct {
		times int
		err   error
		want  string
	}{
		{persistentFailures - 1, errGone, ""},
		{1, nil, ""},
		{persistentFailures, errGone, single},
		{manyRefusals - persistentFailures - 1, errGone, single},
		{1, nil, single},
		{manyRefusals - 1, errGone, single},
		{persistentFailures, errGone, all},
	} {
		if got := fail(step.times, step.err); !strings.Contains(got, step.want) || step.want == "" && got != "" {
			t.Errorf("%d times %v: %q, want %q", step.times, step.err, got, step.want)
		}
	}
}

// What is remembered of lost items is bounded.
func TestMostLostItems(t *testing.T) {
	st := new(stream)
	for n := range mostLostItems + 10 {
		st.rememberLost(fmt.Sprint(n), time.Now())
	}
	if n := len(st.lostItems); n != mostLostItems {
		t.Errorf("%d are remembered", n)
	}
}
