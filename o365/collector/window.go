package collector

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
)

// What the API allows ("Office 365 Management Activity API reference", list
// available content): windows of at most 24 hours, at most 7 days back.
// Windows of 24 hours to the second have been seen refused, and the overlap
// has to go in as well.
const (
	retention = 7 * 24 * time.Hour
	maxWindow = 24*time.Hour - time.Minute
)

// How often content that was listed late is looked for, and how far back. The
// newest content is looked for at every poll.
const (
	newest        = time.Hour
	dayInterval   = 30 * time.Minute
	weekInterval  = 6 * time.Hour
	daySweep      = 24 * time.Hour
	weekSweep     = retention
	edgeTolerance = time.Second
)

// overlap is how much earlier than its span a listing begins: a blob that was
// created exactly at a listing's startTime can be served in part (observed by
// Elastic's o365audit input). What was created before the span is left to the
// listing of the span before.
const overlap = time.Second

// second cuts t to a whole second, as the API compares times.
func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// oldest is the earliest startTime that the API accepts at now.
func oldest(now time.Time) time.Time {
	return second(now.Add(-retention)).Add(edgeTolerance)
}

// windows cuts [from, to) into spans that the API accepts, oldest first. The
// last one holds the newest content alone, so that it can be listed first.
func windows(from, to time.Time, last time.Duration) []ledger.Span {
	from, to = second(from), second(to)
	var spans []ledger.Span
	split := to.Add(-min(last, maxWindow))
	for from.Before(split) {
		end := from.Add(maxWindow)
		if end.After(split) {
			end = split
		}
		spans = append(spans, ledger.Span{From: from, To: end})
		from = end
	}
	if from.Before(to) {
		spans = append(spans, ledger.Span{From: from, To: to})
	}
	return spans
}

// uncovered returns the parts of span that none of the covers, sorted by
// their start, holds.
func uncovered(span ledger.Span, covers []ledger.Span) []ledger.Span {
	var gaps []ledger.Span
	from := span.From
	for _, c := range covers {
		if !c.To.After(from) {
			continue
		}
		if !c.From.Before(span.To) {
			break
		}
		if c.From.After(from) {
			gaps = append(gaps, ledger.Span{From: from, To: c.From})
		}
		from = c.To
	}
	if from.Before(span.To) {
		gaps = append(gaps, ledger.Span{From: from, To: span.To})
	}
	return gaps
}
