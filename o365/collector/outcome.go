package collector

import (
	"errors"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// taskFinished acts on the outcome of a task: first on what it means for the tenant,
// which are sign-in, the service's date and throttling, then on what it means for
// what was asked.
func (s *state) taskFinished(r result, now time.Time) {
	switch r.kind {
	case listSubscriptions:
		s.subscriptionsBusy = false
	case startSubscription, listPage:
		r.stream.requestBusy = false
	case downloadItem:
		s.downloads--
		r.stream.downloads--
	}
	var signIn *source.SignInError
	if errors.As(r.err, &signIn) {
		s.signInFailed(r, now)
		return
	}
	if date := r.date(); !date.IsZero() || r.kind == listPage && r.err == nil {
		s.observeDate(r.stream, date, now)
	}
	if s.failures > 0 && !errors.As(r.err, new(*source.NotKept)) { // any answer proves that there is a token
		s.monitor.Clear(s.tenant(), health.SignIn)
	}
	if r.err == nil {
		s.failures = 0
		s.requestAccepted()
	}
	if s.source.Decide(r.err) == source.Throttle {
		s.requestThrottled(now, r.err)
		if r.kind == downloadItem {
			r.stream.enqueue(r.item)
		}
		return // the budget pauses all requests; next then returns the same task again
	}
	switch r.kind {
	case listSubscriptions:
		s.subscriptionsListed(r, now)
	case startSubscription:
		s.subscriptionStarted(r, now)
	case listPage:
		s.pageListed(r, now)
	case downloadItem:
		s.downloaded(r, now)
	}
}

// signInFailed pauses the tenant: without a token every other request would fail
// too.
func (s *state) signInFailed(r result, now time.Time) {
	if r.kind == downloadItem {
		r.stream.enqueue(r.item)
	}
	if now.Before(s.pausedUntil) {
		return // it was under way when another failed for the same reason
	}
	s.failures++
	s.pausedUntil = now.Add(s.pause(r.kind, r.err, s.failures))
	s.reportFailure(nil, r.err, s.failures)
}

// streamFailed pauses a stream after a failure that is not of one listing or item.
func (s *state) streamFailed(st *stream, kind taskKind, err error, now time.Time) {
	st.failures++
	st.metrics.Retries.Add(1)
	st.pausedUntil = now.Add(s.pause(kind, err, st.failures))
	s.reportFailure(st, err, st.failures)
}
