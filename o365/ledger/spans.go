package ledger

import (
	"slices"
	"time"
)

// Span is [From, To) of contentCreated time, in whole seconds UTC.
type Span struct{ From, To time.Time }

// whole narrows a span to whole seconds: less is claimed, never more.
func (s Span) whole() Span {
	from := s.From.UTC().Truncate(time.Second)
	if from.Before(s.From) {
		from = from.Add(time.Second)
	}
	return Span{from, s.To.UTC().Truncate(time.Second)}
}

// mergeSpans sorts spans, joins those that overlap or touch, and cuts off what
// lies before floor. It may reorder its argument.
func mergeSpans(spans []Span, floor time.Time) []Span {
	floor = floor.UTC().Truncate(time.Second)
	for i, s := range spans {
		if s = s.whole(); s.From.Before(floor) {
			s.From = floor
		}
		spans[i] = s
	}
	slices.SortFunc(spans, func(a, b Span) int { return a.From.Compare(b.From) })
	var merged []Span
	for _, s := range spans {
		if !s.From.Before(s.To) {
			continue
		}
		if n := len(merged); n > 0 && !s.From.After(merged[n-1].To) {
			if s.To.After(merged[n-1].To) {
				merged[n-1].To = s.To
			}
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// Before returns what of the spans lies before a moment, in whole seconds.
func Before(spans []Span, end time.Time) []Span {
	end = end.UTC().Truncate(time.Second)
	var kept []Span
	for _, s := range spans {
		if s.To.After(end) {
			s.To = end
		}
		if s.From.Before(s.To) {
			kept = append(kept, s)
		}
	}
	return kept
}
