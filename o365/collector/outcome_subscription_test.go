package collector

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

func TestOneStreamFailsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		s.add(activity.Exchange, time.Now().Add(-time.Hour), 0)
		s.subscribed[activity.Exchange] = true
		s.fault = func(op source.Op) error {
			if op == source.OpStart {
				return &source.Error{Op: op, Status: 401}
			}
			return nil
		}
		stop := collect(s, b, l, func(c *Config) {
			c.ContentTypes = contentTypes(activity.DLP, activity.Exchange)
		})
		time.Sleep(3 * time.Hour)
		if n := l.with("ActivityFeed.ReadDlp"); n != 1 {
			t.Errorf("the missing permission was reported %d times: %q", n, l.all())
		}
		if n := s.requestCount(source.OpStart); n < 5 || n > 40 {
			t.Errorf("%d tries in three hours", n)
		}
		s.fail(nil)
		time.Sleep(time.Hour)
		stop()
		b.check(t, s)
		if l.with("3 contoso DLP.All: over after 3h") != 1 {
			t.Errorf("the recovery was not reported: %q", l.all())
		}
	})
}

// A list of subscriptions that never comes keeps nothing from being collected.
func TestSubscriptionsNeverListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		s.subscribed[activity.Exchange] = true // and SharePoint has to be started
		s.add(activity.Exchange, time.Now().Add(-time.Hour), 0)
		s.add(activity.SharePoint, time.Now().Add(-time.Hour), 0)
		stop := collectFrom(slowSource{service: s, slowSubscriptions: true}, b, r, nil)
		time.Sleep(3*time.Minute + 30*time.Second)
		r.want(t, "Exchange listing", "SharePoint listing")
		time.Sleep(5 * time.Minute)
		r.want(t)
		stop()
		b.check(t, s)
		if len(b.gaps) > 0 {
			t.Errorf("gaps: %v", b.gaps)
		}
	})
}

// A subscription that is listed as disabled is off, and it may have been off since the
// first sign of that.
func TestDisabledSubscriptions(t *testing.T) {
	s, st, l, now := steadyState(t)
	s.cfg.Subscribe = true
	for _, st := range s.streams {
		st.subscribed = false
	}
	s.ledger.Complete(st.id, l.span)
	before := s.ledger.Completed(st.id)
	since := before[len(before)-1].To
	s.taskFinished(result{task: task{kind: listSubscriptions}, subscriptions: []source.Subscription{
		{ContentType: "audit.EXCHANGE"}, {ContentType: "dlp.all", Enabled: true},
	}}, now)
	if st.subscribed || !s.streams[1].subscribed || !st.offSince.Equal(since) {
		t.Errorf("on: %t, %t; off since %v, want %v", st.subscribed, s.streams[1].subscribed, st.offSince, since)
	}
	s.ledger.Complete(st.id, source.Span{From: since, To: since.Add(time.Hour)})
	if s.noteSubscriptionOff(st, "it is off"); !st.offSince.Equal(since) {
		t.Errorf("off since %v, want %v", st.offSince, since)
	}
}

// A list of subscriptions that keeps failing is done without after some failures, which
// then count for nothing else; one that somebody has to see to is asked for again.
func TestSubscriptionsGivenUp(t *testing.T) {
	for name, test := range map[string]struct {
		err     error
		givesUp bool
	}{
		"a failure of the service": {&source.Error{Op: source.OpSubscriptions, Status: 500}, true},
		"no permission":            {&source.Error{Op: source.OpSubscriptions, Status: 401, Code: "AF10001"}, false},
	} {
		s, st, _, now := steadyState(t)
		s.cfg.Subscribe, s.subscriptionsKnown, st.subscribed = true, false, false
		for n := range persistentFailures {
			if s.subscriptionsKnown {
				t.Errorf("%s: given up after %d failures", name, n)
			}
			s.taskFinished(result{task: task{kind: listSubscriptions}, err: test.err}, now)
		}
		if s.subscriptionsKnown != test.givesUp || st.subscribed != test.givesUp || (s.failures == 0) != test.givesUp {
			t.Errorf("%s: given up: %t, the subscription is on: %t, %d failures", name, s.subscriptionsKnown, st.subscribed, s.failures)
		}
	}
}

// A listing that is refused for want of a subscription is reported at once, and starts it;
// not soon after a start, which the service may not know of everywhere yet.
func TestListingWithoutSubscription(t *testing.T) {
	for name, test := range map[string]struct {
		started time.Duration // ago; 0: not by this run
		off     bool
	}{
		"not started":      {0, true},
		"started just now": {activity.ContentTypes()[0].StartPause - time.Second, false},
		"started long ago": {activity.ContentTypes()[0].StartPause, true},
	} {
		s, st, l, now := steadyState(t)
		s.cfg.Subscribe = true
		if test.started > 0 {
			st.startedAt = now.Add(-test.started)
		}
		s.taskFinished(result{task: task{kind: listPage, stream: st, listing: l}, err: &source.Error{Op: source.OpList, Status: 400, Code: "AF20022"}}, now)
		if _, reported := s.holds()["Exchange subscription"]; reported != test.off || st.subscribed == test.off {
			t.Errorf("%s: reported: %v, taken to be on: %t", name, s.holds(), st.subscribed)
		}
	}
}
