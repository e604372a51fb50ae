package collector

import (
	"container/heap"
)

// mostEntries is how many entries of a stream may wait for their download unless
// Config says otherwise; of a backlog it is mostOlder. Pages are not listed
// further beyond.
const (
	defaultMostEntries = 4000
	mostBacklogItems   = 500
)

// nextDownload returns the next download of a lane: of the stream that has the
// fewest under way, and of several of the one that has waited longest for its
// turn, as the requests may be what is short; of a stream it is the item that
// became available first. The older ones leave a place to the fresh ones. Whatever
// the places, a stream that has none under way may begin one, lest others keep it
// waiting.
func (s *state) nextDownload(ready []*stream, fresh bool) *task {
	places := s.cfg.Concurrency
	if !fresh {
		places = max(1, places-1)
	}
	var first *item
	for _, st := range ready {
		lane := *st.queue(fresh)
		if len(lane) == 0 || s.downloads >= places && st.downloads > 0 {
			continue
		}
		if first == nil || st.downloads < first.stream.downloads ||
			st.downloads == first.stream.downloads && st.lastDownload < first.stream.lastDownload {
			first = lane[0]
		}
	}
	if first == nil {
		return nil
	}
	return &task{kind: downloadItem, stream: first.stream, item: first}
}

func (st *stream) queue(fresh bool) *itemQueue {
	if fresh {
		return &st.latestItems
	}
	return &st.backlogItems
}

func (s *stream) enqueue(i *item) {
	if i.latest {
		heap.Push(&s.latestItems, i)
	} else {
		heap.Push(&s.backlogItems, i)
	}
}

// itemQueue orders items by when they became available.
type itemQueue []*item

func (q itemQueue) Len() int { return len(q) }

func (q itemQueue) Less(i, j int) bool { return q[i].content.Created.Before(q[j].content.Created) }

func (q itemQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *itemQueue) Push(x any) { *q = append(*q, x.(*item)) }

func (q *itemQueue) Pop() any { return popLast((*[]*item)(q)) }

func popLast(items *[]*item) *item {
	last := len(*items) - 1
	i := (*items)[last]
	(*items)[last] = nil
	*items = (*items)[:last]
	return i
}
