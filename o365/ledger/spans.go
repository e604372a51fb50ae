package ledger

import (
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// whole narrows a span to whole seconds: it never becomes longer.
func whole(s source.Span) source.Span {
	from := s.From.UTC().Truncate(time.Second)
	if from.Before(s.From) {
		from = from.Add(time.Second)
	}
	return source.Span{From: from, To: s.To.UTC().Truncate(time.Second)}
}

// mergeSpans sorts spans, joins those that overlap or touch, and cuts off what
// lies before floor. It may reorder its argument.
func mergeSpans(spans []source.Span, floor time.Time) []source.Span {
	floor = floor.UTC().Truncate(time.Second)
	for i, s := range spans {
		if s = whole(s); s.From.Before(floor) {
			s.From = floor
		}
		spans[i] = s
	}
	slices.SortFunc(spans, func(a, b source.Span) int { return a.From.Compare(b.From) })
	var merged []source.Span
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

// Before returns the parts of spans that lie before a moment, in whole seconds.
func Before(spans []source.Span, end time.Time) []source.Span {
	end = end.UTC().Truncate(time.Second)
	var kept []source.Span
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
