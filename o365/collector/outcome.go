package collector

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// taskFinished takes the outcome of a task.
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
	if s.failures > 0 { // whatever the answer, there is a token
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
		return // the budget pauses everything; then the same task comes again
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

// signInFailed stops every request of the tenant for a while: no other would
// fare better.
func (s *state) signInFailed(r result, now time.Time) {
	if r.kind == downloadItem {
		r.stream.enqueue(r.item)
	}
	if now.Before(s.pausedUntil) {
		return // the others that were under way met the same
	}
	s.failures++
	s.pausedUntil = now.Add(s.pause(r.kind, r.err, s.failures))
	s.reportFailure(nil, r.err, s.failures)
}

func (s *state) subscriptionsListed(r result, now time.Time) {
	if r.err != nil && s.failures+1 >= reportAfterFailures && s.source.Decide(r.err) == source.Retry {
		// The list is only good to know: what is not subscribed says so when it is
		// listed.
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

func (s *state) subscriptionStarted(r result, now time.Time) {
	st := r.stream
	if r.err != nil {
		s.streamFailed(st, startSubscription, r.err, now)
		return
	}
	st.startedAt, st.subscribed = now, true
	s.requestSucceeded(st, now)
	if st.offSince.IsZero() {
		s.monitor.Note(st.id, "subscription started, the first content may take up to 12 hours")
		return
	}
	s.reportGaps(st, source.Span{From: st.offSince, To: wholeSecond(s.serviceTime(now))}, 0, st.offReason+", and Microsoft keeps nothing of such a time", now)
	st.offSince = time.Time{}
	s.monitor.Note(st.id, "subscription started again: find out who had stopped it")
}

func (s *state) pageListed(r result, now time.Time) {
	st, l := r.stream, r.listing
	switch s.source.Decide(r.err) {
	case source.Done:
		if l.failures > 0 && !l.endedBadly {
			s.retryEarly(st, now)
			l.failures = 0
		}
		s.requestSucceeded(st, now)
		st.metrics.LastSuccess.Set(now)
		s.takePage(l, st, r, now)
	case source.Relist:
		s.relist(st, l, r.err, now)
	case source.Clamp:
		s.clamp(st, l, r.err, now)
	case source.Subscribe:
		s.unsubscribed(st, r.err, now)
	case source.Retry:
		if l.pageFailures++; l.next != "" && l.pageFailures >= reportAfterFailures {
			s.relist(st, l, r.err, now)
			return
		}
		s.listingFailed(st, l, r.err, now)
		s.reportListingFailure(st, l, r.err)
	default:
		s.streamFailed(st, listPage, r.err, now)
	}
}

func (s *state) listingFailed(st *stream, l *listing, err error, now time.Time) {
	l.failures++
	st.metrics.Retries.Add(1)
	l.notBefore = now.Add(s.retryPause(l.failures, l.latest, err))
	s.log.Debugf("%s: listing %s to %s again in %s: %v", s.cfg.Tenant, l.span.From.Format(time.RFC3339), l.span.To.Format(time.RFC3339), l.notBefore.Sub(now).Round(time.Millisecond), err)
}

// clamp cuts a window to what the service accepts by its own clock, which the
// refusal has told. What is cut off can't be listed any more.
func (s *state) clamp(st *stream, l *listing, err error, now time.Time) {
	l.restart()
	if l.unproven {
		s.removeListing(st, l)
		return
	}
	if s.serviceClock.far(now) && l.failures+1 >= agreeingAnswers { // refused again and again by a clock that only dates show
		s.serviceClock.distrustBelieved(now)
		s.clockMoved(0, now)
	}
	edge := st.earliestStart(s.serviceTime(now))
	tooOld := l.requestFrom.Before(edge)
	edge = edge.Add(min(time.Minute, 2*time.Second<<min(l.failures, 5))) // it moves on meanwhile
	s.listingFailed(st, l, err, now)
	s.reportListingFailure(st, l, err)
	if !tooOld {
		s.halve(st, l)
		return
	}
	l.requestFrom = edge
	cut := earlier(edge, l.span.To)
	from := l.span.From
	if begin := st.earliestStart(s.serviceTime(s.begunAt)); from.Before(begin) {
		from = begin // what was too old at the start is no loss since then
	}
	s.reportGaps(st, source.Span{From: from, To: cut}, cutTolerance, "it could not be listed before it was older than the service keeps", now)
	if l.span.From.Before(cut) {
		l.span.From = cut
	}
	if !l.span.From.Before(l.span.To) {
		s.closeListing(st, l)
	}
}

// halve makes two windows of one that is refused although it is not too old.
func (s *state) halve(st *stream, l *listing) {
	length := l.span.To.Sub(l.span.From)
	if length <= leastPollSpan {
		return
	}
	middle := wholeSecond(l.span.From.Add(length / 2))
	older := *l
	older.latest = false
	older.span.To = middle
	l.span.From, l.requestFrom = middle, middle.Add(-st.limits.Overlap)
	st.backlog = append([]*listing{&older}, st.backlog...)
	for _, i := range st.items { // those found on earlier pages belong to both
		if slices.Contains(i.listings, l) {
			i.listings = append(i.listings, &older)
		}
	}
}

// reportGaps reports the parts of a span that were neither completed nor reported
// before, if they are longer than a tolerance.
func (s *state) reportGaps(st *stream, span source.Span, tolerance time.Duration, reason string, now time.Time) {
	if !span.From.Before(span.To) {
		return
	}
	known := append(gapSpans(s.ledger.Gaps(st.id)), s.ledger.Completed(st.id)...)
	slices.SortFunc(known, func(a, b source.Span) int { return a.From.Compare(b.From) })
	for _, gap := range uncovered(span, known) {
		if gap.To.Sub(gap.From) > tolerance {
			s.reportLost(st, gap, reason, now)
		}
	}
}

// cutTolerance is how much may be cut off a window's start without a report:
// the oldest content expires while it is being listed.
const cutTolerance = 5 * time.Minute

// unsubscribed handles the news that there is no subscription.
func (s *state) unsubscribed(st *stream, err error, now time.Time) {
	if !s.cfg.Subscribe {
		s.streamFailed(st, listPage, err, now)
		return
	}
	s.reportFailure(st, err, reportAfterFailures)
	st.subscribed = false
	s.noteSubscriptionOff(st, s.source.Explain(err, st.id.ContentType, "").What)
}

// noteSubscriptionOff notes since when at the earliest a subscription that had been on is
// off: since the end of what was completed.
func (s *state) noteSubscriptionOff(st *stream, why string) {
	if done := s.ledger.Completed(st.id); len(done) > 0 && st.offSince.IsZero() {
		st.offSince, st.offReason = done[len(done)-1].To, why
	}
}

func (s *state) downloaded(r result, now time.Time) {
	i, st := r.item, r.item.stream
	action := s.source.Decide(r.err)
	switch action {
	case source.Done:
		if i.failures > 0 {
			s.retryEarly(st, now)
		}
		s.downloadRecovered(i)
		return
	case source.Absent:
		i.absentAnswers++
	}
	i.failures++
	at := now.Add(s.retryPause(i.failures, i.latest && i.failures <= urgentDownloadTries, r.err))
	left := i.expires().Sub(s.serviceClock.atEarliest(now))
	if at.Sub(now) > left && left > firstRetryPause {
		at = now.Add(left / 2)
	}
	if action == source.Lost || i.absentAnswers >= absentDownloadTries || at.Sub(now) > left {
		s.reportLost(st, i.span(), fmt.Sprintf("blob %s: %v", i.content.ID, r.err), now)
		st.metrics.Lost.Add(1)
		s.downloadRecovered(i)
		s.forgetItem(i)
		return
	}
	s.log.Debugf("%s: blob %s again in %s: %v", s.streamName(st), i.content.ID, at.Sub(now).Round(time.Millisecond), r.err)
	st.metrics.Retries.Add(1)
	s.downloadFails(i, r.err)
	st.retryAt(i, at)
}

// streamFailed stops a stream for a while.
func (s *state) streamFailed(st *stream, kind taskKind, err error, now time.Time) {
	st.failures++
	st.metrics.Retries.Add(1)
	st.pausedUntil = now.Add(s.pause(kind, err, st.failures))
	s.reportFailure(st, err, st.failures)
}

// reportLost reports what can't be had any more.
func (s *state) reportLost(st *stream, span source.Span, reason string, now time.Time) {
	s.log.Errorf("%s: lost: content of %s to %s: %s", s.streamName(st), span.From.Format(time.RFC3339), span.To.Format(time.RFC3339), reason)
	s.ledger.Lost(ledger.Gap{Stream: st.id, Span: span, Reason: reason, Found: s.serviceTime(now).UTC()})
}

// streamName is how a stream is called in log lines.
func (s *state) streamName(st *stream) string { return s.cfg.Tenant + " " + st.id.ContentType }

func gapSpans(gaps []ledger.Gap) []source.Span {
	spans := make([]source.Span, len(gaps))
	for i, g := range gaps {
		spans[i] = g.Span
	}
	return spans
}
