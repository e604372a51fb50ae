package collector

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Monitor is told what keeps streams from being collected; [health.Monitor] is
// one. A Stream without a ContentType is all of its tenant.
type Monitor interface {
	Set(s source.Stream, c health.Condition, severity health.State, cause health.Cause)
	Clear(s source.Stream, c ...health.Condition)
	// Listed says that the service has told what the stream has.
	Listed(s source.Stream)
	// Note takes a sentence that is good to know.
	Note(s source.Stream, text string)
}

// tenant stands for all streams.
func (s *state) tenant() source.Stream { return source.Stream{Tenant: s.cfg.Tenant} }

// reportFailure says what an error of starting or listing means, of the whole
// tenant if st is nil. Where nobody has to act it waits for some failures in a
// row: the service has short troubles every day.
func (s *state) reportFailure(st *stream, err error, failures int) {
	s.reportFailureAs(st, health.Failing, err, failures)
}

// reportListingFailure is trouble with one span. While the newest content can be
// listed, the stream is collected in part.
func (s *state) reportListingFailure(st *stream, l *listing, err error) {
	severity := health.Degraded
	if l.latest || st.latestSetAside {
		severity = health.Failing
	}
	s.reportFailureAs(st, severity, err, l.failures)
}

func (s *state) reportFailureAs(st *stream, severity health.State, err error, failures int) {
	s.log.Debugf("%s: %v", s.cfg.Tenant, err)
	if isTimeout(err) { // which has taken its time already
		failures *= 2
	}
	transient := s.source.Decide(err) != source.Configure && (s.cfg.Subscribe || s.source.Decide(err) != source.Subscribe)
	silent := reportAfterFailures
	if !s.anyListed() {
		silent = reportAfterFailuresAtStart
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

// How often in a row something may fail without a word above debug; at the
// start, when people look, it is less.
const (
	reportAfterFailures        = 4
	reportAfterFailuresAtStart = 3
)

func (s *state) anyListed() bool {
	return slices.ContainsFunc(s.streams, func(st *stream) bool { return st.wasListed })
}

func (s *state) setCondition(st *stream, severity health.State, err error, transient bool) {
	x := s.source.Explain(err, st.id.ContentType, s.cfg.App())
	s.monitor.Set(st.id, conditions[x.Topic], severity, health.Cause{What: x.What, Do: x.Do, Detail: x.Detail, Transient: transient})
}

// conditions are what errors of starting or listing are reported as.
var conditions = map[source.Topic]health.Condition{
	source.Service:     health.Listing,
	source.SignIn:      health.SignIn,
	source.Permission:  health.Permission,
	source.Auditing:    health.Auditing,
	source.Subscribing: health.Subscription,
}

// requestSucceeded says that the service did what was asked for a stream. After
// trouble the others are tried at once: they may have had the same.
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

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// listingFails reports whether a span of the stream keeps failing.
func (st *stream) listingFails() bool {
	failing := func(l *listing) bool { return l.failures >= reportAfterFailures || l.badEntries > 0 }
	return st.latestHasBadEntries || st.latest != nil && failing(st.latest) || slices.ContainsFunc(st.backlog, failing)
}

// downloadFails and loads keep count of the blobs of a stream that keep failing.
func (s *state) downloadFails(i *item, err error) {
	if i.failures < reportAfterFailures && !(isTimeout(err) && 2*i.failures >= reportAfterFailures) {
		return
	}
	if !i.reportedFailing {
		i.reportedFailing = true
		i.stream.failingItems++
	}
	x := s.source.Explain(err, i.stream.id.ContentType, s.cfg.App())
	s.monitor.Set(i.stream.id, health.Download, health.Degraded, health.Cause{
		What: "some content can't be downloaded", Do: "nothing need be done unless it lasts: it is tried until it expires, and the other content goes on",
		Detail: "blob " + i.content.ID + ": " + x.Detail, Transient: true,
	})
}

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

// throttling tell a throttle that lasts from one that passes.
type throttling struct {
	since    time.Time // zero: none that lasts
	accepted int       // since the last one
}

// A throttle lasts when there is hardly an answer between refusals for
// longer than throttledLong; so many answers in a row end it.
const (
	throttleReportAfter = time.Minute
	acceptedToRecover   = 3
)

func (s *state) requestThrottled(now time.Time, err error) {
	s.throttling.accepted = 0
	if e := apiError(err); e != nil && e.RetryAfter > longestRefusalPause {
		s.reportLongWait(e, now)
		return
	}
	if s.throttling.since.IsZero() {
		s.throttling.since = now
	}
	if now.Sub(s.throttling.since) <= throttleReportAfter {
		return
	}
	s.monitor.Set(s.tenant(), health.Throttled, health.Degraded, health.Cause{
		What: "Microsoft refuses most requests", Transient: true,
		Do: "nothing need be done unless it lasts: it goes on more slowly; other collectors may use up the tenant's quota, " +
			"and if nothing helps Microsoft's support can raise it", Detail: err.Error(),
	})
}

// reportLongWait reports a service that asks for a wait of more than a minute. What
// the first refusal says counts: each further one asks anew.
func (s *state) reportLongWait(e *source.Error, now time.Time) {
	if s.throttling.since.IsZero() {
		s.throttling.since = now
	}
	what := "Microsoft asks to wait before further requests"
	if e.RetryAfter > longestServiceWait {
		what = "Microsoft asks to wait longer than is sensible before further requests"
	}
	s.monitor.Set(s.tenant(), health.Throttled, health.Degraded, health.Cause{
		What: what, Transient: true,
		Do:     "nothing need be done unless it lasts: nothing else is asked for that long, or for 15 minutes if that is less, but a single request tries every minute",
		Detail: fmt.Sprintf("Retry-After: %s, until %s; %v", e.RetryAfter, now.Add(min(e.RetryAfter, longestServiceWait)).UTC().Format(time.RFC3339), e),
	})
}

func (s *state) requestAccepted() {
	if s.throttling.since.IsZero() {
		return
	}
	if s.throttling.accepted++; s.throttling.accepted >= acceptedToRecover {
		s.throttling = throttling{}
		s.monitor.Clear(s.tenant(), health.Throttled)
	}
}
