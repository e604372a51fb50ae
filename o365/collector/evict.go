package collector

import (
	"container/heap"
	"time"
)

// evictFailing forgets the items whose downloads keep failing, or whose copies are
// missing, for when a stream has
// too many items to list further. A later sweep lists them again. The listings that
// had them do not complete their spans.
func (s *state) evictFailing(st *stream) {
	var evicted []*item
	kept := st.retries[:0]
	for _, i := range st.retries {
		if i.failures <= persistentFailures && !i.content.Taken {
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

// evictedPrecision is the distance within which the times of evicted items are kept
// as one span, so that a week of them takes little memory.
const evictedPrecision = time.Minute
