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

// finished takes the outcome of a task.
func (s *state) finished(r result, now time.Time) {
	switch r.kind {
	case subscriptions:
		s.subscriptionsBusy = false
	case start, list:
		r.stream.busy = false
	case download:
		s.downloads--
		r.stream.downloads--
	}
	var signIn *source.SignInError
	if errors.As(r.err, &signIn) {
		s.cannotSignIn(r, now)
		return
	}
	if date := r.date(); !date.IsZero() || r.kind == list && r.err == nil {
		s.dated(r.stream, date, now)
	}
	if s.failures > 0 { // whatever the answer, there is a token
		s.monitor.Clear(s.tenant(), health.SignIn)
	}
	if r.err == nil {
		s.failures = 0
		s.granted()
	}
	if s.source.Decide(r.err) == source.Throttle {
		s.refused(now, r.err)
		if r.kind == download {
			r.stream.enqueue(r.item)
		}
		return // the budget pauses everything; then the same task comes again
	}
	switch r.kind {
	case subscriptions:
		s.subscriptionsListed(r, now)
	case start:
		s.subscriptionStarted(r, now)
	case list:
		s.pageListed(r, now)
	case download:
		s.downloaded(r, now)
	}
}

// cannotSignIn stops every request of the tenant for a while: no other would
// fare better.
func (s *state) cannotSignIn(r result, now time.Time) {
	if r.kind == download {
		r.stream.enqueue(r.item)
	}
	if now.Before(s.until) {
		return // the others that were under way met the same
	}
	s.failures++
	s.until = now.Add(s.pause(r.kind, r.err, s.failures))
	s.trouble(nil, r.err, s.failures)
}

func (s *state) subscriptionsListed(r result, now time.Time) {
	if r.err != nil && s.failures+1 >= silentFailures && s.source.Decide(r.err) == source.Retry {
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
		s.until = now.Add(s.pause(r.kind, r.err, s.failures))
		s.trouble(nil, r.err, s.failures)
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
			s.wasOff(st, "the subscription was off")
		}
	}
}

func (s *state) subscriptionStarted(r result, now time.Time) {
	st := r.stream
	if r.err != nil {
		s.failed(st, start, r.err, now)
		return
	}
	st.startedAt, st.subscribed = now, true
	s.answered(st, now)
	if st.lostFrom.IsZero() {
		s.monitor.Note(st.id, "subscription started, the first content may take up to 12 hours")
		return
	}
	s.gaps(st, source.Span{From: st.lostFrom, To: second(s.clock(now))}, 0, st.lostBy+", and Microsoft keeps nothing of such a time", now)
	st.lostFrom = time.Time{}
	s.monitor.Note(st.id, "subscription started again: find out who had stopped it")
}

func (s *state) pageListed(r result, now time.Time) {
	st, l := r.stream, r.listing
	switch s.source.Decide(r.err) {
	case source.Done:
		if l.failures > 0 && !l.spoiled {
			s.revive(st, now)
			l.failures = 0
		}
		s.answered(st, now)
		st.metrics.LastSuccess.Set(now)
		s.listed(l, st, r, now)
	case source.Relist:
		s.listAgain(st, l, r.err, now)
	case source.Clamp:
		s.clamp(st, l, r.err, now)
	case source.Subscribe:
		s.unsubscribed(st, r.err, now)
	case source.Retry:
		if l.refused++; l.next != "" && l.refused >= silentFailures {
			s.listAgain(st, l, r.err, now)
			return
		}
		s.listingFailed(st, l, r.err, now)
		s.listingTrouble(st, l, r.err)
	default:
		s.failed(st, list, r.err, now)
	}
}

func (s *state) listingFailed(st *stream, l *listing, err error, now time.Time) {
	l.failures++
	st.metrics.Retries.Add(1)
	l.at = now.Add(s.retryPause(l.failures, l.fresh, err))
	s.log.Debugf("%s: listing %s to %s again in %s: %v", s.cfg.Tenant, l.span.From.Format(time.RFC3339), l.span.To.Format(time.RFC3339), l.at.Sub(now).Round(time.Millisecond), err)
}

// clamp cuts a window to what the service accepts by its own clock, which the
// refusal has told. What is cut off can't be listed any more.
func (s *state) clamp(st *stream, l *listing, err error, now time.Time) {
	l.restart()
	if l.void {
		s.drop(st, l)
		return
	}
	if s.service.far(now) && l.failures+1 >= agreeing { // refused again and again by a clock that only dates show
		s.service.drop(now)
		s.clockMoved(0, now)
	}
	edge := st.oldest(s.clock(now))
	tooOld := l.from.Before(edge)
	edge = edge.Add(min(time.Minute, 2*time.Second<<min(l.failures, 5))) // it moves on meanwhile
	s.listingFailed(st, l, err, now)
	s.listingTrouble(st, l, err)
	if !tooOld {
		s.halve(st, l)
		return
	}
	l.from = edge
	cut := earlier(edge, l.span.To)
	from := l.span.From
	if begin := st.oldest(s.clock(s.begun)); from.Before(begin) {
		from = begin // what was too old at the start is no loss since then
	}
	s.gaps(st, source.Span{From: from, To: cut}, cutTolerance, "it could not be listed before it was older than the service keeps", now)
	if l.span.From.Before(cut) {
		l.span.From = cut
	}
	if !l.span.From.Before(l.span.To) {
		s.paged(st, l)
	}
}

// halve makes two windows of one that is refused although it is not too old.
func (s *state) halve(st *stream, l *listing) {
	length := l.span.To.Sub(l.span.From)
	if length <= newest {
		return
	}
	middle := second(l.span.From.Add(length / 2))
	older := *l
	older.fresh = false
	older.span.To = middle
	l.span.From, l.from = middle, middle.Add(-st.limits.Overlap)
	st.backlog = append([]*listing{&older}, st.backlog...)
	for _, i := range st.items { // those found on earlier pages belong to both
		if slices.Contains(i.listings, l) {
			i.listings = append(i.listings, &older)
		}
	}
}

// gaps reports the parts of a span that were neither completed nor reported
// before, if they are longer than a tolerance.
func (s *state) gaps(st *stream, span source.Span, tolerance time.Duration, reason string, now time.Time) {
	if !span.From.Before(span.To) {
		return
	}
	known := append(gapSpans(s.ledger.Gaps(st.id)), s.ledger.Completed(st.id)...)
	slices.SortFunc(known, func(a, b source.Span) int { return a.From.Compare(b.From) })
	for _, gap := range uncovered(span, known) {
		if gap.To.Sub(gap.From) > tolerance {
			s.lose(st, gap, reason, now)
		}
	}
}

// cutTolerance is how much may be cut off a window's start without a report:
// the oldest content expires while it is being listed.
const cutTolerance = 5 * time.Minute

// unsubscribed handles the news that there is no subscription.
func (s *state) unsubscribed(st *stream, err error, now time.Time) {
	if !s.cfg.Subscribe {
		s.failed(st, list, err, now)
		return
	}
	s.trouble(st, err, silentFailures)
	st.subscribed = false
	s.wasOff(st, s.source.Explain(err, st.id.ContentType, "").What)
}

// wasOff notes since when at the earliest a subscription that had been on is
// off: since the end of what was completed.
func (s *state) wasOff(st *stream, why string) {
	if done := s.ledger.Completed(st.id); len(done) > 0 && st.lostFrom.IsZero() {
		st.lostFrom, st.lostBy = done[len(done)-1].To, why
	}
}

func (s *state) downloaded(r result, now time.Time) {
	i, st := r.item, r.item.stream
	action := s.source.Decide(r.err)
	switch action {
	case source.Done:
		if i.failures > 0 {
			s.revive(st, now)
		}
		s.loads(i)
		return
	case source.Absent:
		i.absent++
	}
	i.failures++
	at := now.Add(s.retryPause(i.failures, i.fresh && i.failures <= impatientTries, r.err))
	left := i.expires().Sub(s.service.earliest(now))
	if at.Sub(now) > left && left > retryFirst {
		at = now.Add(left / 2)
	}
	if action == source.Lost || i.absent >= absentTries || at.Sub(now) > left {
		s.lose(st, i.span(), fmt.Sprintf("blob %s: %v", i.content.ID, r.err), now)
		st.metrics.Lost.Add(1)
		s.loads(i)
		s.forget(i)
		return
	}
	s.log.Debugf("%s: blob %s again in %s: %v", s.name(st), i.content.ID, at.Sub(now).Round(time.Millisecond), r.err)
	st.metrics.Retries.Add(1)
	s.failsToLoad(i, r.err)
	st.retryAt(i, at)
}

// failed stops a stream for a while.
func (s *state) failed(st *stream, kind taskKind, err error, now time.Time) {
	st.failures++
	st.metrics.Retries.Add(1)
	st.until = now.Add(s.pause(kind, err, st.failures))
	s.trouble(st, err, st.failures)
}

// lose reports what can't be had any more.
func (s *state) lose(st *stream, span source.Span, reason string, now time.Time) {
	s.log.Errorf("%s: lost: content of %s to %s: %s", s.name(st), span.From.Format(time.RFC3339), span.To.Format(time.RFC3339), reason)
	s.ledger.Lost(ledger.Gap{Stream: st.id, Span: span, Reason: reason, Found: s.clock(now).UTC()})
}

// name is how a stream is called in log lines.
func (s *state) name(st *stream) string { return s.cfg.Tenant + " " + st.id.ContentType }

func gapSpans(gaps []ledger.Gap) []source.Span {
	spans := make([]source.Span, len(gaps))
	for i, g := range gaps {
		spans[i] = g.Span
	}
	return spans
}
