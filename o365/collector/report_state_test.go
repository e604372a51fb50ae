package collector

import (
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// After how many failures in a row a listing is reported, and how badly.
func TestWhenFailuresAreReported(t *testing.T) {
	timeout := error(slowError{})
	for name, test := range map[string]struct {
		err      error
		failures int
		listed   bool // something was, since the start
		change   func(st *stream, l *listing)
		want     health.State
	}{
		"a few":               {errReset, persistentFailures - 1, true, nil, ""},
		"some":                {errReset, persistentFailures, true, nil, health.Degraded},
		"at the start":        {errReset, persistentFailuresAtStart, false, nil, health.Degraded},
		"two at the start":    {errReset, persistentFailuresAtStart - 1, false, nil, ""},
		"a timeout":           {timeout, 1, true, nil, ""},
		"timeouts":            {timeout, persistentFailures / 2, true, nil, health.Degraded},
		"newest":              {errReset, persistentFailures, true, func(_ *stream, l *listing) { l.latest = true }, health.Failing},
		"newest, set aside":   {errReset, persistentFailures, true, func(st *stream, _ *listing) { st.latestSetAside = true }, health.Failing},
		"for a user, at once": {&source.Error{Status: 400, Code: "AF20020"}, 1, true, nil, health.Degraded},
	} {
		t.Run(name, func(t *testing.T) {
			s, st, l, _ := steadyState(t)
			for _, st := range s.streams {
				st.wasListed = test.listed
			}
			l.failures = test.failures
			if test.change != nil {
				test.change(st, l)
			}
			s.reportListingFailure(st, l, test.err)
			if got := s.holds()["Exchange listing"].severity; got != test.want {
				t.Errorf("%q", got)
			}
		})
	}
}

// An old listing that keeps failing is trouble until it works, however often newer
// content is listed.
func TestTroubleOfAnOldListing(t *testing.T) {
	s, st, l, now := steadyState(t)
	newest := st.newListing(source.Span{From: l.span.To, To: l.span.To.Add(time.Minute)})
	newest.latest = true
	page := func(l *listing, err error) {
		s.taskFinished(result{task: task{kind: listPage, stream: st, listing: l}, page: source.Page{Date: now}, err: err}, now)
	}
	for range persistentFailures {
		page(l, errReset)
	}
	for range 3 {
		page(newest, nil)
		if got := s.holds()["Exchange listing"].severity; got != health.Degraded {
			t.Fatalf("%q while the old listing fails", got)
		}
	}
	page(l, nil)
	if len(s.holds()) > 0 {
		t.Errorf("%v", s.holds())
	}
}

// The subscriptions that can be listed again end the condition.
func TestListOfSubscriptionsRecovers(t *testing.T) {
	s, _, _, now := steadyState(t)
	list := task{kind: listSubscriptions}
	for _, st := range s.streams {
		st.wasListed = false
	}
	for range persistentFailuresAtStart {
		s.taskFinished(result{task: list, err: errReset}, now)
	}
	if len(s.holds()) != len(s.streams) {
		t.Errorf("%v", s.holds())
	}
	s.taskFinished(result{task: list}, now)
	if len(s.holds()) > 0 || s.failures > 0 {
		t.Errorf("%v after a success, %d failures", s.holds(), s.failures)
	}
}

// A throttle ends with so many accepted requests in a row.
func TestThrottleEnds(t *testing.T) {
	s, st, l, now := steadyState(t)
	throttle := &source.Error{Op: source.OpList, Status: 429}
	do := func(err error) {
		s.taskFinished(result{task: task{kind: listPage, stream: st, listing: l}, page: source.Page{Next: now.String(), Date: now}, err: err}, now)
		now = now.Add(time.Second)
	}
	for _, accepted := range []int{0, 1, acceptedToRecover - 1, acceptedToRecover} {
		for range accepted {
			do(nil)
		}
		_, holds := s.holds()["throttled"]
		if want := accepted > 0 && accepted < acceptedToRecover; holds != want {
			t.Errorf("after %d accepted requests the condition holds: %t", accepted, holds)
		}
		do(throttle)
		now = now.Add(throttleReportAfter)
		do(throttle)
	}
}

// A skew that returns is reported again, one that stays is not.
func TestSkewIsReported(t *testing.T) {
	s, _, _, _ := steadyState(t)
	count := func() int { return s.monitor.(*monitorModel).setCount["clock"] }
	for n, step := range []struct {
		skew time.Duration
		want int // reports so far
	}{
		{largestUnreportedSkew - time.Second, 0}, {-10 * time.Minute, 1}, {-10*time.Minute - 59*time.Second, 1}, {-11 * time.Minute, 2},
		{0, 2}, {-11 * time.Minute, 3}, {11 * time.Minute, 4}, {largestUnreportedSkew, 5},
	} {
		if s.reportSkew(step.skew); count() != step.want {
			t.Errorf("%d: %d reports, want %d", n, count(), step.want)
		}
		what := ""
		switch {
		case step.skew >= largestUnreportedSkew:
			what = "the clock of this machine is behind Microsoft's"
		case step.skew <= -largestUnreportedSkew:
			what = "the clock of this machine is ahead of Microsoft's"
		}
		if got := s.holds()["clock"].what; got != what {
			t.Errorf("%d: reported is %q, want %q", n, got, what)
		}
	}
}

// A warning about dates comes once an hour.
func TestWarningsAboutDates(t *testing.T) {
	s, _, _, now := steadyState(t)
	l := new(logLines)
	s.log = l.log
	for range 24 * 6 {
		s.warnAboutDate(now, "an answer")
		now = now.Add(10 * time.Minute)
	}
	if n := l.with("an answer"); n != 24 {
		t.Errorf("%d warnings a day", n)
	}
}

// That all is delivered is noted once, when everything is listed by the service's clock and
// delivered.
func TestCaughtUpIsNotedOnce(t *testing.T) {
	for name, test := range map[string]struct {
		change func(st *stream, l *listing)
		want   bool
	}{
		"all is delivered":       {func(*stream, *listing) {}, true},
		"before":                 {func(st *stream, _ *listing) { st.caughtUp = true }, false},
		"no answer of a service": {func(st *stream, _ *listing) { st.opened = false }, false},
		"an item":                {func(st *stream, _ *listing) { st.items["a"] = &item{} }, false},
		"a latest listing":       {func(st *stream, l *listing) { st.latestListing = l }, false},
		"a backlog":              {func(st *stream, l *listing) { st.backlogListings = []*listing{l} }, false},
	} {
		s, st, l, _ := steadyState(t)
		r := newMonitorModel()
		s.monitor = r
		st.opened, st.caughtUp, st.latestListing, st.backlogListings = true, false, nil, nil
		test.change(st, l)
		s.reportCaughtUp(st)
		if noted := len(r.notes) > 0; noted != test.want {
			t.Errorf("%s: noted %t", name, noted)
		}
		if s.reportCaughtUp(st); len(r.notes) > 1 {
			t.Errorf("%s: noted twice", name)
		}
	}
}

// A wait that the service asks for is reported with its end, which is that of the wait that
// is obeyed.
func TestLongWaitIsReported(t *testing.T) {
	for wait, want := range map[time.Duration]struct {
		what  string
		until time.Duration
	}{
		longestRefusalPause + time.Second: {"Microsoft asks to wait before further requests", longestRefusalPause + time.Second},
		longestServiceWait:                {"Microsoft asks to wait before further requests", longestServiceWait},
		longestServiceWait + time.Second:  {"Microsoft asks to wait longer than is sensible before further requests", longestServiceWait},
		year:                              {"Microsoft asks to wait longer than is sensible before further requests", longestServiceWait},
	} {
		s, _, _, now := steadyState(t)
		last := &causes{Monitor: s.monitor}
		s.monitor = last
		s.requestThrottled(now, &source.Error{Status: 429, RetryAfter: wait})
		end := "until " + now.Add(want.until).UTC().Format(time.RFC3339)
		if last.What != want.what || !strings.Contains(last.Detail, "Retry-After: "+wait.String()+", "+end) {
			t.Errorf("%v: %q, %q; want %q, %q", wait, last.What, last.Detail, want.what, end)
		}
	}
}

// causes keeps the last cause that was set.
type causes struct {
	Monitor
	health.Cause
}

func (c *causes) Set(_ source.Stream, _ health.Condition, _ health.State, cause health.Cause) {
	c.Cause = cause
}
