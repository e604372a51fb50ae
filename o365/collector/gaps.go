package collector

import (
	"slices"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// reportLost logs and records a gap: content that cannot be collected any more.
func (s *state) reportLost(st *stream, span source.Span, reason string, now time.Time) {
	s.log.Errorf("%s: lost: content of %s to %s: %s", s.streamName(st), span.From.Format(time.RFC3339), span.To.Format(time.RFC3339), reason)
	s.ledger.Lost(ledger.Gap{Stream: st.id, Span: span, Reason: reason, Found: s.serviceTime(now).UTC()})
}

// reportGaps reports as lost the parts of a span that were neither completed nor
// reported before, if they are longer than a tolerance.
func (s *state) reportGaps(st *stream, span source.Span, tolerance time.Duration, reason string, now time.Time) {
	known := append(gapSpans(s.ledger.Gaps(st.id)), s.ledger.Completed(st.id)...)
	for _, gap := range span.Without(known...) {
		if gap.To.Sub(gap.From) > tolerance {
			s.reportLost(st, gap, reason, now)
		}
	}
}

// cutTolerance is how much of a span's start may be missing without a report, since
// the oldest content expires while it is being listed.
const cutTolerance = 5 * time.Minute

// reportMissedGaps reports what became available while no collector ran and is older
// than the source's retention.
func (s *state) reportMissedGaps(st *stream, now time.Time) {
	completed := s.ledger.Completed(st.id)
	from := st.since
	if len(completed) > 0 && completed[0].From.After(from) {
		from = completed[0].From // the ledger forgets older spans
	}
	s.reportGaps(st, source.Span{From: from, To: st.earliestStart(s.serviceTime(now))}, cutTolerance,
		"nothing was collected for longer than the service keeps content", now)
}

// reportExpired reports what became older than the source's retention before it could
// be listed by this run.
func (s *state) reportExpired(st *stream, span source.Span, now time.Time) {
	span.From = later(span.From, st.noGapBefore)
	s.reportGaps(st, span, cutTolerance, "it could not be listed before it was older than the service keeps", now)
}

// noteUnlisted notes that listings go on at earliest, later than they have come to: the
// machine slept, or nothing could be listed for days.
func (st *stream) noteUnlisted(earliest time.Time) {
	if !st.opened || st.firstRun && !st.wasListed || !st.listedTo.Before(earliest) {
		return
	}
	if st.unlisted.From.IsZero() {
		st.unlisted.From = st.listedTo
	}
	st.unlisted.To = earliest
}

// reportUnlisted reports what noteUnlisted noted. That the service's time has come so
// far is proven by this machine's clock, or by content that is later.
func (s *state) reportUnlisted(st *stream, now time.Time) {
	s.reportExpired(st, st.unlisted, now)
	st.unlisted = source.Span{}
}

// reportEvictedGaps reports the spans of evicted items that are older than the
// source's retention, unless a later listing completed them. A span that still grows
// is reported an hour at a time.
func (s *state) reportEvictedGaps(st *stream, now time.Time) {
	earliest := st.earliestStart(s.serviceTime(now))
	for len(st.evicted) > 0 {
		first := &st.evicted[0]
		lost := source.Span{From: first.From, To: earlier(first.To, first.From.Add(time.Hour))}
		if lost.To.After(earliest) {
			return
		}
		s.reportGaps(st, lost, 0, "its content failed until it was older than the service keeps", now)
		if first.From = lost.To; !first.From.Before(first.To) {
			st.evicted = st.evicted[1:]
		}
	}
}

// subscriptionOffSuffix ends the reason of a gap in which a subscription was off.
const subscriptionOffSuffix = ", and Microsoft keeps nothing of such a time"

// itemGapPrefix begins the reason of the gap of an item.
const itemGapPrefix = "blob "

// gapReason begins the reason of the gap of this item.
func gapReason(id string) string { return itemGapPrefix + id + ": " }

// gapOfItem reports whether a gap is that of an item.
func gapOfItem(g ledger.Gap, id string) bool {
	begin := gapReason(id)
	return strings.HasPrefix(g.Reason, begin[:min(len(begin), mostReasonBytes)])
}

// mostReasonBytes is how much of a reason's beginning is compared, since a ledger may
// cut a long one.
const mostReasonBytes = 150

// takeBackGaps takes back what a delivered item refutes: its own gap, and the part of
// others that it lies in. While a subscription is off no content is made, so one that
// was seen off at the end of a gap was on until the item became available.
func (s *state) takeBackGaps(i *item) {
	at := wholeSecond(i.content.Created)
	for _, g := range s.ledger.Gaps(i.stream.id) {
		switch {
		case gapOfItem(g, i.content.ID):
			s.ledger.TakeBack(g)
		case strings.HasPrefix(g.Reason, itemGapPrefix) || at.Before(g.Span.From) || !at.Before(g.Span.To):
		default:
			before, after := g, g
			before.Span.To, after.Span.From = at, at.Add(time.Second)
			if strings.HasSuffix(g.Reason, subscriptionOffSuffix) {
				before.Span.To = g.Span.From
			}
			s.ledger.TakeBack(g, slices.DeleteFunc([]ledger.Gap{before, after}, func(g ledger.Gap) bool { return !g.Span.From.Before(g.Span.To) })...)
		}
	}
}

func gapSpans(gaps []ledger.Gap) []source.Span {
	spans := make([]source.Span, len(gaps))
	for i, g := range gaps {
		spans[i] = g.Span
	}
	return spans
}
