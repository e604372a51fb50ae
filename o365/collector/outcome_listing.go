package collector

import (
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// pageListed acts on the outcome of a request for a page.
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
		s.unsubscribed(st, l, r.err, now)
	case source.Retry:
		if l.pageFailures++; l.next != "" && l.pageFailures >= persistentFailures {
			s.relist(st, l, r.err, now)
			return
		}
		s.listingFailed(st, l, r.err, now)
		s.reportListingFailure(st, l, r.err)
	default:
		s.streamFailed(st, listPage, r.err, now)
	}
}

// listingFailed counts a failure and schedules the listing's retry.
func (s *state) listingFailed(st *stream, l *listing, err error, now time.Time) {
	l.failures++
	st.metrics.Retries.Add(1)
	l.notBefore = now.Add(s.retryPause(l.failures, l.latest, err))
	s.log.Debugf("%s: listing %s to %s: retry in %s: %v", s.cfg.Tenant, l.span.From.Format(time.RFC3339), l.span.To.Format(time.RFC3339), l.notBefore.Sub(now).Round(time.Millisecond), err)
}

// relist retries a listing from its first page, after a pause, since the pages did
// not come to a proper end.
func (s *state) relist(st *stream, l *listing, err error, now time.Time) {
	l.restart()
	l.endedBadly = true
	s.listingFailed(st, l, err, now)
	s.reportListingFailure(st, l, err)
	s.setAsideLatest(st, l)
}

// setAsideLatest moves a latest listing that keeps failing on later pages to the
// backlog, so that the next poll can list newer content. If the one of an earlier
// poll is there already, it is extended instead.
func (s *state) setAsideLatest(st *stream, l *listing) {
	if !l.latest || l.unproven {
		return
	}
	before := slices.IndexFunc(st.backlogListings, func(b *listing) bool {
		return b.endedBadly && !l.span.From.After(b.span.To) && l.span.To.Sub(b.span.From) <= st.longestSpan()
	})
	switch {
	case before >= 0:
		aside := st.backlogListings[before]
		aside.restart()
		if aside.span.To.Before(l.span.To) {
			aside.span.To = l.span.To
		}
		l.unproven = true
	case l.failures < persistentFailures:
		return
	default:
		l.latest = false
		st.backlogListings = append([]*listing{l}, st.backlogListings...)
	}
	st.latestListing, st.latestSetAside = nil, true
	st.listedTo = later(st.listedTo, l.span.To)
}

// clamp cuts a listing to what the service accepts by its own clock, which the
// refusal's date has corrected. What is cut off is older than the retention and lost.
func (s *state) clamp(st *stream, l *listing, err error, now time.Time) {
	l.restart()
	if l.unproven {
		s.removeListing(st, l)
		return
	}
	earliest := st.earliestStart(s.serviceTime(now))
	tooOld := l.requestFrom.Before(earliest)
	if !tooOld && s.serviceClock.far(now) && l.failures+1 >= agreeingAnswers { // the service refuses by another clock than its dates show
		s.serviceClock.distrustBelieved(now)
		s.clockDistrusted(now)
		earliest = st.earliestStart(s.serviceTime(now))
		tooOld = l.requestFrom.Before(earliest)
	}
	earliest = earliest.Add(min(time.Minute, 2*time.Second<<min(l.failures, 5))) // the retention's end moves on until the retry
	s.listingFailed(st, l, err, now)
	s.reportListingFailure(st, l, err)
	if !tooOld {
		s.halve(st, l)
		return
	}
	l.notBefore = earlier(l.notBefore, now.Add(firstRetryPause)) // in a longer pause more of it would become too old
	l.requestFrom = earliest
	cut := earlier(earliest, l.span.To)
	if l.cutFrom.IsZero() {
		l.cutFrom = l.span.From
	}
	s.reportExpired(st, source.Span{From: l.cutFrom, To: cut}, now)
	if l.span.From.Before(cut) {
		l.span.From = cut
	}
	if !l.span.From.Before(l.span.To) { // nothing is left of it, and nothing of it was listed
		l.unproven = true
		s.closeListing(st, l)
	}
}

// halve makes two listings of one that is refused although it is not too old: the
// service accepts shorter windows than it documents.
func (s *state) halve(st *stream, l *listing) {
	length := l.span.To.Sub(l.span.From)
	if length <= leastPollSpan {
		return
	}
	middle := wholeSecond(l.span.From.Add(length / 2))
	older := *l
	older.latest = false
	older.span.To = middle
	l.span.From, l.requestFrom, l.cutFrom = middle, middle.Add(-st.limits.Overlap), time.Time{}
	st.backlogListings = append([]*listing{&older}, st.backlogListings...)
	for _, i := range st.items { // those of earlier pages belong to both
		if slices.Contains(i.listings, l) {
			i.listings = append(i.listings, &older)
		}
	}
}
