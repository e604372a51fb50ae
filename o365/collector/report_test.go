package collector

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

func TestConditions(t *testing.T) {
	throttle := &source.Error{Status: 403, Code: "AF429"}
	for _, tt := range []struct {
		name  string
		fault func(source.Op) error
		early []string // after 90 s; nil: not before
		later []string // after 10 minutes
	}{
		{"throttled", fault("", throttle), nil, []string{"throttled"}},
		{"login", fault("", &source.SignInError{Err: wrongSecret{}}), []string{"Exchange sign_in", "SharePoint sign_in"}, []string{"Exchange sign_in", "SharePoint sign_in"}},
		{"login service away", fault("", &source.SignInError{Err: errReset}), nil, []string{"Exchange sign_in", "SharePoint sign_in"}},
		{"network", fault("", errReset), nil, []string{"Exchange listing", "SharePoint listing"}},
		{"permission", fault(source.OpList, &source.Error{Status: 401}), nil, []string{"Exchange permission", "SharePoint permission"}},
		{"downloads", fault(source.OpDownload, errReset), nil, []string{"Exchange download"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b, r := newService(t), newLedgerModel(), newMonitorModel()
				stop := collectWith(s, b, r, NewBudget(2000), new(logLines), nil)
				time.Sleep(10*time.Minute + time.Second)
				r.want(t)
				s.fail(tt.fault)
				s.add(activity.Exchange, time.Now(), 0)
				if tt.early == nil {
					time.Sleep(2 * time.Second)
					r.want(t)
				} else {
					time.Sleep(90 * time.Second)
					r.want(t, tt.early...)
				}
				time.Sleep(10 * time.Minute)
				r.want(t, tt.later...)
				s.fail(nil)
				time.Sleep(20 * time.Minute)
				r.want(t)
				stop()
				b.check(t, s)
			})
		})
	}
}

// A throttle that passes, and a skew of minutes, set no condition.
func TestShortFailuresAreNoCondition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		s.skew = 4 * time.Minute
		stop := collectWith(s, b, r, NewBudget(2000), new(logLines), nil)
		time.Sleep(10 * time.Minute)
		for range 50 {
			s.fail(fault("", &source.Error{Status: 403, Code: "AF429"}))
			time.Sleep(20 * time.Second)
			s.fail(fault("", errReset))
			time.Sleep(2 * time.Second)
			s.fail(nil)
			time.Sleep(5 * time.Minute)
		}
		stop()
		if len(r.setCount) > 0 {
			t.Errorf("conditions were set: %v", r.setCount)
		}
	})
}

// Many downloads that fail for one reason are one line.
func TestFailingDownloadsAreReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		for n := range 100 {
			s.add(activity.Exchange, time.Now().Add(-time.Duration(n)*time.Minute-time.Second), 0)
		}
		s.fail(func(op source.Op) error {
			if op == source.OpDownload {
				return errReset
			}
			return nil
		})
		stop := collect(s, b, l, nil)
		time.Sleep(time.Hour)
		if l.with("2 contoso Audit.Exchange: some content can't be downloaded") != 1 {
			t.Errorf("the log has %q", l.all())
		}
		s.fail(nil)
		time.Sleep(time.Hour)
		stop()
		b.check(t, s)
		if l.with("over after") != 1 || l.with("can't be downloaded") != 2 {
			t.Errorf("the log has %q", l.all())
		}
	})
}

func TestSlowDownloadsAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		s.add(activity.Exchange, time.Now().Add(-time.Second), 0)
		stop := collectFrom(slowSource{service: s, contentType: activity.Exchange}, b, r, nil)
		time.Sleep(3 * time.Minute)
		r.want(t, "Exchange download")
		stop()
	})
}

func TestSignInFailureIsReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		s.add(activity.Exchange, time.Now().Add(-time.Hour), 0)
		s.fault = func(source.Op) error { return &source.SignInError{Err: wrongSecret{}} }
		stop := collect(s, b, l, nil)
		time.Sleep(2 * time.Hour)
		if len(l.all()) != 1 || l.with("1 contoso: nothing is collected: signing in fails") != 1 || l.with("(sign in: wrong secret)") != 1 {
			t.Errorf("the log has %q", l.all())
		}
		s.fail(nil)
		time.Sleep(time.Hour)
		stop()
		b.check(t, s)
		if l.with("3 contoso: over after 2h") != 1 {
			t.Errorf("the log has %q", l.all())
		}
	})
}

// What keeps all content types from being collected is explained once.
func TestFailureOfAllStreamsIsReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		s.add(activity.Exchange, time.Now().Add(-time.Hour), 0)
		s.fault = func(op source.Op) error {
			if op == source.OpStart {
				return &source.Error{Op: op, Status: 401, Code: "AF10001"}
			}
			return nil
		}
		stop := collect(s, b, l, nil)
		time.Sleep(2 * time.Hour)
		if len(l.all()) != 1 || l.with("1 contoso: nothing is collected: the app may not read the audit log (ActivityFeed.Read is missing): run ") != 1 {
			t.Errorf("the log has %q", l.all())
		}
		s.fail(nil)
		time.Sleep(time.Hour)
		stop()
		b.check(t, s)
		if l.with("3 contoso: over after 2h") != 1 {
			t.Errorf("the log has %q", l.all())
		}
	})
}

type wrongSecret struct{}

func (wrongSecret) Error() string { return "wrong secret" }

func (wrongSecret) Configuration() bool { return true }
