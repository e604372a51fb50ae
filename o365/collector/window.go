package collector

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// How often content that was listed late is looked for, and how far back. The
// newest content is looked for at every poll.
const (
	leastPollSpan          = time.Hour
	daySweepInterval       = 30 * time.Minute
	retentionSweepInterval = 6 * time.Hour
	daySweepSpan           = 24 * time.Hour
	retentionMargin        = time.Second
)

// wholeSecond cuts t to a whole second, as the service compares times.
func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// earliestStart is the earliest beginning of a listing that the source accepts at now.
func (st *stream) earliestStart(now time.Time) time.Time {
	return wholeSecond(now.Add(-st.limits.Retention)).Add(retentionMargin)
}

// longestSpan is how much time one listing can be of, the overlap aside.
func (st *stream) longestSpan() time.Duration { return st.limits.Window - st.limits.Overlap }

// splitSpan cuts [from, to) into spans of a most length, oldest first. The last one
// holds the newest content alone, so that it can be listed first.
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

// uncovered returns the parts of span that none of the covers, sorted by
// their start, holds.
func uncovered(span source.Span, covers []source.Span) []source.Span {
	var gaps []source.Span
	from := span.From
	for _, c := range covers {
		if !c.To.After(from) {
			continue
		}
		if !c.From.Before(span.To) {
			break
		}
		if c.From.After(from) {
			gaps = append(gaps, source.Span{From: from, To: c.From})
		}
		from = c.To
	}
	if from.Before(span.To) {
		gaps = append(gaps, source.Span{From: from, To: span.To})
	}
	return gaps
}
