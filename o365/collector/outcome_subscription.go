package collector

import (
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// subscriptionsListed acts on the list of subscriptions.
func (s *state) subscriptionsListed(r result, now time.Time) {
	if r.err != nil && s.failures+1 >= persistentFailures && s.source.Decide(r.err) == source.Retry {
		// The list is not necessary: listing a content type without a subscription
		// gives an error that starts it.
		s.log.Warnf("%s: the list of subscriptions can't be read: each is taken to be on until a listing says otherwise (%v)", s.cfg.Tenant, r.err)
		s.subscriptionsKnown, s.failures = true, 0
		for _, st := range s.streams {
			st.subscribed = true
		}
		return
	}
	if r.err != nil {
		s.failures++
		s.pausedUntil = now.Add(s.pause(r.kind, r.err, s.failures))
		s.reportFailure(nil, r.err, s.failures)
		return
	}
	s.monitor.Clear(s.tenant(), health.Listing)
	s.subscriptionsKnown = true
	for _, st := range s.streams {
		for _, sub := range r.subscriptions {
			if strings.EqualFold(sub.ContentType, st.id.ContentType) && sub.Enabled {
				st.subscribed = true
			}
		}
		if !st.subscribed {
			s.noteSubscriptionOff(st, "the subscription was off")
		}
	}
}

// subscriptionStarted acts on the outcome of a start. What would have become available
// while the subscription was off is lost, if it was off: a list of subscriptions and a
// listing can be wrong about that, the answer to a start cannot.
func (s *state) subscriptionStarted(r result, now time.Time) {
	st := r.stream
	if r.err != nil {
		s.streamFailed(st, startSubscription, r.err, now)
		return
	}
	st.startedAt, st.subscribed = now, true
	s.requestSucceeded(st, now)
	if !r.started {
		st.offSince = time.Time{}
		return
	}
	if st.offSince.IsZero() {
		st.listedTo = later(st.listedTo, st.earliestStart(s.serviceTime(now))) // there was nothing to miss
		s.monitor.Note(st.id, "subscription started, the first content may take up to 12 hours")
		return
	}
	s.reportGaps(st, source.Span{From: st.offSince, To: wholeSecond(s.serviceTime(now))}, 0, st.offReason+subscriptionOffSuffix, now)
	st.offSince = time.Time{}
	s.monitor.Note(st.id, "subscription started again: find out who had stopped it")
}

// unsubscribed acts on a listing that was refused for want of a subscription. Soon
// after a start that is retried: the service takes a while to know of it everywhere.
func (s *state) unsubscribed(st *stream, l *listing, err error, now time.Time) {
	if !s.cfg.Subscribe {
		s.streamFailed(st, listPage, err, now)
		return
	}
	if !st.startedAt.IsZero() && now.Before(st.startedAt.Add(st.limits.StartPause)) {
		s.listingFailed(st, l, err, now)
		s.reportListingFailure(st, l, err)
		return
	}
	s.reportFailure(st, err, persistentFailures)
	st.subscribed = false
	s.noteSubscriptionOff(st, s.source.Explain(err, st.id.ContentType, "").What)
}

// noteSubscriptionOff remembers, for the gap, since when a subscription may have been
// off: at the earliest since the end of what was completed.
func (s *state) noteSubscriptionOff(st *stream, reason string) {
	if done := s.ledger.Completed(st.id); len(done) > 0 && st.offSince.IsZero() {
		st.offSince, st.offReason = done[len(done)-1].To, reason
	}
}
