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

// trouble says what an error of starting or listing means, of the whole
// tenant if st is nil. Where nobody has to act it waits for some failures in a
// row: the service has short troubles every day.
func (s *state) trouble(st *stream, err error, failures int) {
	s.troubleOf(st, health.Failing, err, failures)
}

// listingTrouble is trouble with one span. While the newest content can be
// listed, the stream is collected in part.
func (s *state) listingTrouble(st *stream, l *listing, err error) {
	severity := health.Degraded
	if l.fresh || st.asideFails {
		severity = health.Failing
	}
	s.troubleOf(st, severity, err, l.failures)
}

func (s *state) troubleOf(st *stream, severity health.State, err error, failures int) {
	s.log.Debugf("%s: %v", s.cfg.Tenant, err)
	if isTimeout(err) { // which has taken its time already
		failures *= 2
	}
	transient := s.source.Decide(err) != source.Configure && (s.cfg.Subscribe || s.source.Decide(err) != source.Subscribe)
	silent := silentFailures
	if !s.anyListed() {
		silent = silentAtStart
	}
	if transient && failures < silent {
		return
	}
	if st != nil {
		s.set(st, severity, err, transient)
		return
	}
	for _, st := range s.streams { // each has a permission of its own
		s.set(st, severity, err, transient)
	}
}

// How often in a row something may fail without a word above debug; at the
// start, when people look, it is less.
const (
	silentFailures = 4
	silentAtStart  = 3
)

func (s *state) anyListed() bool {
	return slices.ContainsFunc(s.streams, func(st *stream) bool { return st.wasListed })
}

func (s *state) set(st *stream, severity health.State, err error, transient bool) {
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

// answered says that the service did what was asked for a stream. After
// trouble the others are tried at once: they may have had the same.
func (s *state) answered(st *stream, now time.Time) {
	for _, other := range s.streams {
		if st.failures > 0 && now.Before(other.until) {
			other.until = now
		}
	}
	st.failures = 0
	s.monitor.Clear(st.id, health.Permission, health.Auditing, health.Subscription)
	if !st.failsToList() {
		s.monitor.Clear(st.id, health.Listing)
	}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// failsToList reports whether a span of the stream keeps failing.
func (st *stream) failsToList() bool {
	failing := func(l *listing) bool { return l.failures >= silentFailures || l.bad > 0 }
	return st.badEntries || st.fresh != nil && failing(st.fresh) || slices.ContainsFunc(st.backlog, failing)
}

// failsToLoad and loads keep count of the blobs of a stream that keep failing.
func (s *state) failsToLoad(i *item, err error) {
	if i.failures < silentFailures && !(isTimeout(err) && 2*i.failures >= silentFailures) {
		return
	}
	if !i.reported {
		i.reported = true
		i.stream.stuck++
	}
	x := s.source.Explain(err, i.stream.id.ContentType, s.cfg.App())
	s.monitor.Set(i.stream.id, health.Download, health.Degraded, health.Cause{
		What: "some content can't be downloaded", Do: "nothing need be done unless it lasts: it is tried until it expires, and the other content goes on",
		Detail: "blob " + i.content.ID + ": " + x.Detail, Transient: true,
	})
}

func (s *state) loads(i *item) {
	i.failures = 0
	if !i.reported {
		return
	}
	i.reported = false
	if i.stream.stuck--; i.stream.stuck == 0 {
		s.monitor.Clear(i.stream.id, health.Download)
	}
}

// refusals tell a throttle that lasts from one that passes.
type refusals struct {
	since   time.Time // zero: none that lasts
	answers int       // since the last one
}

// A throttle lasts when there is hardly an answer between refusals for
// longer than throttledLong; so many answers in a row end it.
const (
	throttledLong = time.Minute
	answersEnd    = 3
)

func (s *state) refused(now time.Time, err error) {
	s.refusals.answers = 0
	if e := apiError(err); e != nil && e.RetryAfter > longestPause {
		s.askedToWait(e, now)
		return
	}
	if s.refusals.since.IsZero() {
		s.refusals.since = now
	}
	if now.Sub(s.refusals.since) <= throttledLong {
		return
	}
	s.monitor.Set(s.tenant(), health.Throttled, health.Degraded, health.Cause{
		What: "Microsoft refuses most requests", Transient: true,
		Do: "nothing need be done unless it lasts: it goes on more slowly; other collectors may use up the tenant's quota, " +
			"and if nothing helps Microsoft's support can raise it", Detail: err.Error(),
	})
}

// askedToWait reports a service that asks for a wait of more than a minute. What
// the first refusal says counts: each further one asks anew.
func (s *state) askedToWait(e *source.Error, now time.Time) {
	if s.refusals.since.IsZero() {
		s.refusals.since = now
	}
	what := "Microsoft asks to wait before further requests"
	if e.RetryAfter > mostWait {
		what = "Microsoft asks to wait longer than is sensible before further requests"
	}
	s.monitor.Set(s.tenant(), health.Throttled, health.Degraded, health.Cause{
		What: what, Transient: true,
		Do:     "nothing need be done unless it lasts: nothing else is asked for that long, or for 15 minutes if that is less, but a single request tries every minute",
		Detail: fmt.Sprintf("Retry-After: %s, until %s; %v", e.RetryAfter, now.Add(min(e.RetryAfter, mostWait)).UTC().Format(time.RFC3339), e),
	})
}

func (s *state) granted() {
	if s.refusals.since.IsZero() {
		return
	}
	if s.refusals.answers++; s.refusals.answers >= answersEnd {
		s.refusals = refusals{}
		s.monitor.Clear(s.tenant(), health.Throttled)
	}
}
