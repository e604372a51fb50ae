package ledger

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Since returns from when on a stream is collected, in whole seconds, UTC: first,
// when it is asked for the first time, and the same ever after. Its error is that
// of storing it.
func (l *Ledger) Since(s source.Stream, first time.Time) (time.Time, error) {
	l.changing.Lock()
	defer l.changing.Unlock()
	if since, ok := l.state.since[s]; ok {
		return since, nil
	}
	first = first.UTC().Truncate(time.Second)
	return first, l.commit(transaction{since: map[source.Stream]time.Time{s: first}})
}

// Complete adds spans in which every listed blob has been delivered. Parts of
// seconds at their ends are left out.
func (l *Ledger) Complete(s source.Stream, spans ...source.Span) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.commit(l.state.complete(s, spans, l.now()))
}

// Retract takes back what was completed after a moment. It is for spans in the
// future that were completed while the clock was wrong.
func (l *Ledger) Retract(s source.Stream, after time.Time) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.commit(l.state.retract(s, after))
}

// Completed returns the completed spans of a stream, merged, oldest first. They
// are kept for the stream's retention and a day more.
func (l *Ledger) Completed(s source.Stream) []source.Span {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]source.Span(nil), l.state.spans[s]...)
}

// Through returns up to when a stream is complete at now: everything listed before
// is delivered or a known gap. It is zero for a stream that Since was never called
// for. What is older than the stream's retention counts as complete.
func (l *Ledger) Through(s source.Stream, now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	from, ok := l.state.since[s]
	if !ok {
		return time.Time{}
	}
	if listed := l.state.retention.firstListed(s, now); from.Before(listed) {
		from = listed
	}
	spans := append([]source.Span(nil), l.state.spans[s]...)
	for _, g := range l.state.gaps[s] {
		spans = append(spans, g.Span)
	}
	if merged := mergeSpans(spans, from); len(merged) > 0 && !merged[0].From.After(from) {
		return merged[0].To
	}
	return from
}
