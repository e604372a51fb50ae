package collector

import (
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// wholeSecond cuts t to a whole second, as the service compares times.
func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// retentionMargin is how much later than the retention's end a listing begins, since
// that moves on until the request arrives.
const retentionMargin = time.Second

// earliestStart is the earliest start of a listing that the source accepts at now.
func (st *stream) earliestStart(now time.Time) time.Time {
	return wholeSecond(now.Add(-st.limits.Retention)).Add(retentionMargin)
}

// longestSpan is how much time one listing can cover, without the overlap.
func (st *stream) longestSpan() time.Duration { return st.limits.Window - st.limits.Overlap }

// splitSpan splits [from, to) into spans of at most the length most, oldest first. The
// last one has at most the length last, so that the newest content can be listed
// first.
func splitSpan(from, to time.Time, last, most time.Duration) []source.Span {
	from, to = wholeSecond(from), wholeSecond(to)
	var spans []source.Span
	split := to.Add(-min(last, most))
	for from.Before(split) {
		end := from.Add(most)
		if end.After(split) {
			end = split
		}
		spans = append(spans, source.Span{From: from, To: end})
		from = end
	}
	if from.Before(to) {
		spans = append(spans, source.Span{From: from, To: to})
	}
	return spans
}

// joinSpans sorts spans and joins those that are less than a distance apart.
func joinSpans(spans []source.Span, distance time.Duration) []source.Span {
	slices.SortFunc(spans, func(a, b source.Span) int { return a.From.Compare(b.From) })
	var all []source.Span
	for _, span := range spans {
		if last := len(all) - 1; last >= 0 && span.From.Sub(all[last].To) < distance {
			if span.To.After(all[last].To) {
				all[last].To = span.To
			}
			continue
		}
		all = append(all, span)
	}
	return all
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
