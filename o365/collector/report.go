package collector

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// reportFailure sets the condition that an error of a sign-in, a start or a listing
// means, for all streams if st is nil. Where nobody has to act, it does so only after
// some failures in a row, since the service has short failures every day.
func (s *state) reportFailure(st *stream, err error, failures int) {
	s.reportFailureAs(st, health.Failing, err, failures)
}

// reportListingFailure is reportFailure of one listing. While the newest content can
// be listed, the stream is degraded rather than failing.
func (s *state) reportListingFailure(st *stream, l *listing, err error) {
	severity := health.Degraded
	if l.latest || st.latestSetAside {
		severity = health.Failing
	}
	s.reportFailureAs(st, severity, err, l.failures)
}

func (s *state) reportFailureAs(st *stream, severity health.State, err error, failures int) {
	s.log.Debugf("%s: %v", s.cfg.Tenant, err)
	if isTimeout(err) { // it has taken as long as several other failures
		failures *= 2
	}
	transient := s.source.Decide(err) != source.Configure && (s.cfg.Subscribe || s.source.Decide(err) != source.Subscribe)
	silent := persistentFailures
	if !s.anyListed() {
		silent = persistentFailuresAtStart
	}
	if transient && failures < silent {
		return
	}
	if st != nil {
		s.setCondition(st, severity, err, transient)
		return
	}
	for _, st := range s.streams { // each has a permission of its own
		s.setCondition(st, severity, err, transient)
	}
}

func (s *state) anyListed() bool {
	return slices.ContainsFunc(s.streams, func(st *stream) bool { return st.wasListed })
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

func (s *state) setCondition(st *stream, severity health.State, err error, transient bool) {
	x := s.source.Explain(err, st.id.ContentType, s.cfg.App())
	s.monitor.Set(st.id, conditions[x.Topic], severity, health.Cause{What: x.What, Do: x.Do, Detail: x.Detail, Transient: transient})
}

// conditions are those that errors of a sign-in, a start or a listing mean.
var conditions = map[source.Topic]health.Condition{
	source.Service:     health.Listing,
	source.SignIn:      health.SignIn,
	source.Permission:  health.Permission,
	source.Auditing:    health.Auditing,
	source.Subscribing: health.Subscription,
}

// requestSucceeded ends the failures of a stream after a start or a listing. The
// pauses of the other streams end too, since they may have had the same cause.
func (s *state) requestSucceeded(st *stream, now time.Time) {
	for _, other := range s.streams {
		if st.failures > 0 && now.Before(other.pausedUntil) {
			other.pausedUntil = now
		}
	}
	st.failures = 0
	s.monitor.Clear(st.id, health.Permission, health.Auditing, health.Subscription)
	if !st.listingFails() {
		s.monitor.Clear(st.id, health.Listing)
	}
}

// listingFails reports whether a listing of the stream keeps failing.
func (st *stream) listingFails() bool {
	failing := func(l *listing) bool { return l.failures >= persistentFailures || l.badEntries > 0 }
	return st.latestHasBadEntries || st.latestListing != nil && failing(st.latestListing) || slices.ContainsFunc(st.backlogListings, failing)
}

// manyRefusals is how many answers in a row that items are gone, of a stream, are no
// matter of single items.
const manyRefusals = 10

// downloadFails sets the condition of a stream with a download that keeps failing.
func (s *state) downloadFails(i *item, err error) {
	if i.failures < persistentFailures && !(isTimeout(err) && 2*i.failures >= persistentFailures) {
		return
	}
	if !i.reportedFailing {
		i.reportedFailing = true
		i.stream.failingItems++
	}
	x := s.source.Explain(err, i.stream.id.ContentType, s.cfg.App())
	cause := health.Cause{
		What: "some content can't be downloaded", Do: "nothing need be done unless it lasts: it is tried until it expires, and the other content goes on",
		Detail: "blob " + i.content.ID + ": " + x.Detail, Transient: true,
	}
	if i.stream.refusals >= manyRefusals {
		cause.What = "the service lists content, and answers that none of it exists"
		cause.Do = "check cloud and endpoint; if they are right, report it to Microsoft: it is tried again for hours"
	}
	s.monitor.Set(i.stream.id, health.Download, health.Degraded, cause)
}

// downloadRecovered clears that condition when the stream has no such download left.
func (s *state) downloadRecovered(i *item) {
	i.failures = 0
	if !i.reportedFailing {
		return
	}
	i.reportedFailing = false
	if i.stream.failingItems--; i.stream.failingItems == 0 {
		s.monitor.Clear(i.stream.id, health.Download)
	}
}

func (s *state) reportBadEntries(st *stream, p source.Page) {
	s.monitor.Set(st.id, health.Listing, health.Degraded, health.Cause{
		What: "some entries of the service's listings can't be used", Transient: true,
		Do:     "nothing need be done unless it lasts: all others are collected, and the span is listed again; if it lasts, report it to Microsoft",
		Detail: fmt.Sprintf("%d on a page; the first: %v", p.Bad, p.FirstBad),
	})
}

// reportCaughtUp notes, once after the start, that all content of a stream is
// delivered.
func (s *state) reportCaughtUp(st *stream) {
	if st.caughtUp || !st.opened || !st.idle() {
		return
	}
	st.caughtUp = true
	s.monitor.Note(st.id, "caught up, all content since "+st.since.Format(time.RFC3339)+" is delivered")
}
