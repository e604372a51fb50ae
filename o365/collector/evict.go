package collector

import (
	"container/heap"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// evictFailing forgets entries that have failed again and again, when there are too many
// to keep: a later listing finds them again. The spans that named them stay
// incomplete.
func (s *state) evictFailing(st *stream) {
	var evicted []*item
	kept := st.retries[:0]
	for _, i := range st.retries {
		if i.failures <= reportAfterFailures {
			kept = append(kept, i)
			continue
		}
		evicted = append(evicted, i)
	}
	clear(st.retries[len(kept):])
	st.retries = kept
	heap.Init(&st.retries)
	for _, i := range evicted {
		for _, l := range i.listings {
			l.unproven = true
		}
		st.evicted = append(st.evicted, i.span())
		s.downloadRecovered(i)
		s.forgetItem(i)
	}
	st.evicted = joinSpans(st.evicted, evictedPrecision)
}

// evictedPrecision is how close to each other the times of evicted entries are
// kept as one span, so that a week of them takes little memory.
const evictedPrecision = time.Minute

// reportEvictedGaps reports the spans of evicted entries that the service does not keep
// any more, unless a later listing had all of them delivered. Of a span that goes
// on and on it reports an hour at a time.
func (s *state) reportEvictedGaps(st *stream, now time.Time) {
	edge := st.earliestStart(s.serviceTime(now))
	for len(st.evicted) > 0 {
		first := &st.evicted[0]
		lost := source.Span{From: first.From, To: earlier(first.To, first.From.Add(time.Hour))}
		if lost.To.After(edge) {
			return
		}
		s.reportGaps(st, lost, 0, "its content failed until it was older than the service keeps", now)
		if first.From = lost.To; !first.From.Before(first.To) {
			st.evicted = st.evicted[1:]
		}
	}
}

// joinSpans sorts spans and makes one of those that are less than a distance apart.
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
