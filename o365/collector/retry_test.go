package collector

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

const year = 365 * 24 * time.Hour

// Whatever wait any answer asks for, it is reported at once where it stops the
// tenant, and two polls after the service has recovered all is delivered.
func TestRecoveryFromLongWaits(t *testing.T) {
	for _, tt := range []struct {
		name  string
		op    source.Op
		err   *source.Error
		holds []string // meanwhile
	}{
		{"AF429", "", &source.Error{Status: 403, Code: "AF429", RetryAfter: year}, of("throttled")},
		{"429", source.OpList, &source.Error{Status: 429, RetryAfter: 20 * time.Minute}, of("throttled")},
		{"503 of listings", source.OpList, &source.Error{Status: 503, RetryAfter: year}, of("Exchange listing", "SharePoint listing")},
		{"503 of items", source.OpDownload, &source.Error{Status: 503, RetryAfter: year}, nil},
		{"401 of listings", source.OpList, &source.Error{Status: 401, RetryAfter: year}, of("Exchange permission", "SharePoint permission")},
		{"302 of listings", source.OpList, &source.Error{Status: 302}, of("Exchange listing", "SharePoint listing")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b, r := newService(t), newLedgerModel(), newMonitorModel()
				stop := collectWith(s, b, r, NewBudget(2000), new(logLines), nil)
				time.Sleep(10 * time.Minute)
				s.fail(fault(tt.op, tt.err))
				for range 20 {
					s.add(activity.Exchange, time.Now(), 0)
					time.Sleep(2 * time.Minute)
				}
				if tt.holds != nil {
					r.want(t, tt.holds...)
				}
				s.fail(nil)
				right := time.Now()
				last := s.add(activity.SharePoint, right, 0)
				time.Sleep(4 * time.Minute)
				r.want(t)
				stop()
				b.check(t, s)
				for _, item := range s.items {
					late := b.deliveredAt(item.ID).Sub(right)
					if late > 2*time.Minute+10*time.Second {
						t.Errorf("item %s (the last is %s) was delivered %v after the service had recovered", item.ID, last, late)
					}
				}
			})
		})
	}
}

// A success in between makes the next pause the first one again, whatever failed.
func TestBackoffBeginsAnew(t *testing.T) {
	for name, test := range map[string]struct {
		kind taskKind
		err  error
	}{
		"sign-in":    {listPage, &source.SignInError{Err: errReset}},
		"permission": {listPage, &source.Error{Status: 401}},
		"page":       {listPage, errReset},
		"start":      {startSubscription, errReset},
	} {
		t.Run(name, func(t *testing.T) {
			s, st, l, now := steadyState(t)
			s.cfg.PollInterval = 5 * time.Minute
			do := func(err error, pages int) time.Duration {
				now = now.Add(time.Hour)
				s.taskFinished(result{task: task{kind: test.kind, stream: st, listing: l}, page: source.Page{Next: fmt.Sprint(pages), Date: now}, err: err}, now)
				return later(later(s.pausedUntil, st.pausedUntil), l.notBefore).Sub(now)
			}
			first := do(test.err, 0)
			for round := range 3 {
				if second := do(test.err, 0); second != 2*first {
					t.Errorf("pauses of %v and %v", first, second)
				}
				do(nil, round+1)
				if again := do(test.err, 0); again != first {
					t.Errorf("a pause of %v after a success, want %v", again, first)
				}
			}
		})
	}
}

// Requests that were under way when the sign-in failed are the same failure.
func TestFailuresUnderWayCountOnce(t *testing.T) {
	s, st, l, now := steadyState(t)
	for range 4 {
		s.taskFinished(result{task: task{kind: listPage, stream: st, listing: l}, err: &source.SignInError{Err: errReset}}, now)
	}
	if pause := s.pausedUntil.Sub(now); pause != firstRetryPause {
		t.Errorf("a pause of %v", pause)
	}
}

// The pages of an attempt that fail are tried again; one that keeps failing begins
// the listing again, except for its first page.
func TestPageThatKeepsFailing(t *testing.T) {
	s, st, l, now := steadyState(t)
	page := func(err error, next string) {
		now = now.Add(time.Hour)
		s.taskFinished(result{task: task{kind: listPage, stream: st, listing: l}, page: source.Page{Next: next, Date: now}, err: err}, now)
	}
	for range 10 {
		page(errReset, "")
	}
	for _, next := range []string{"1", "2"} {
		page(nil, next)
		for range persistentFailures - 1 {
			page(errReset, "")
		}
		if l.next != next || l.endedBadly {
			t.Fatalf("next page %q, began again %t", l.next, l.endedBadly)
		}
	}
	page(errReset, "")
	if l.next != "" || !l.endedBadly {
		t.Errorf("next page %q, began again %t", l.next, l.endedBadly)
	}
}

// A latest item is urgent for a while; a Retry-After is obeyed, up to its bound.
func TestRetryPauses(t *testing.T) {
	s, st, _, _ := steadyState(t)
	for _, tt := range []struct {
		latest   bool
		failures int
		err      error
		gone     bool
		want     time.Duration
	}{
		{true, 1, errReset, false, firstRetryPause},
		{true, urgentDownloadTries, errReset, false, time.Minute},
		{true, urgentDownloadTries + 1, errReset, false, longestRetryPause},
		{false, urgentDownloadTries, errReset, false, longestRetryPause},
		{false, 1, &source.Error{Status: 503, RetryAfter: 7 * time.Minute}, false, 7 * time.Minute},
		{false, 1, &source.Error{Status: 503, RetryAfter: time.Hour}, false, longestServiceWait},
		{true, 30, errReset, true, longestGonePause},
	} {
		i := &item{stream: st, latest: tt.latest, failures: tt.failures}
		if tt.gone {
			i.refusedSince = time.Now()
		}
		if got := s.downloadPause(i, tt.err); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

// Retries are early once in a poll interval.
func TestRetryEarly(t *testing.T) {
	s, st, l, now := steadyState(t)
	for n, want := range []bool{true, false, true} {
		at := now.Add(time.Duration(n) * (s.cfg.PollInterval/2 + time.Second))
		l.notBefore = at.Add(time.Hour)
		if s.retryEarly(st, at); l.notBefore.Equal(at) != want {
			t.Errorf("%d: early %t", n, !want)
		}
	}
}

// The pauses of a stream or the tenant, from the first failure to the longest pause: with
// the poll interval, and longer where somebody has to change something.
func TestPausesOfStreams(t *testing.T) {
	refused := &source.Error{Status: 401, Code: "AF10001"}
	for _, tt := range []struct {
		interval       time.Duration
		kind           taskKind
		err            error
		first, longest time.Duration
	}{
		{10 * time.Second, listPage, errReset, firstRetryPause, 10 * time.Second},
		{time.Minute, listPage, errReset, firstRetryPause, time.Minute},
		{12 * time.Hour, listPage, errReset, firstRetryPause, longestRetryPause},
		{10 * time.Second, listPage, refused, 10 * time.Second, 10 * time.Second},
		{time.Minute, listPage, refused, time.Minute, time.Minute},
		{12 * time.Hour, listPage, refused, firstConfigurePause, longestRetryPause},
		{10 * time.Second, startSubscription, refused, firstConfigurePause, longestConfigurePause},
		{12 * time.Hour, startSubscription, refused, firstConfigurePause, longestConfigurePause},
		{time.Minute, startSubscription, errReset, firstRetryPause, time.Minute},
	} {
		s, _, _, _ := steadyState(t)
		s.cfg.PollInterval = tt.interval
		if first, longest := s.pause(tt.kind, tt.err, 1), s.pause(tt.kind, tt.err, 50); first != tt.first || longest != tt.longest {
			t.Errorf("%+v: %v to %v", tt, first, longest)
		}
	}
}
