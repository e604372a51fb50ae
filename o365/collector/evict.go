package collector

import (
	"container/heap"
	"time"
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
