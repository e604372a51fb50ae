package collector

import (
	"container/heap"
)

// No further page is listed while so many items of a stream wait.
const (
	defaultMostEntries = 4000 // of all listings, see Config.MostEntries
	mostBacklogItems   = 500  // of the backlog, whose further pages can wait
)

// nextDownload returns the next download of the latest items or of the backlog. It
// is of the stream with the fewest downloads under way; of several such streams, of
// the one that has waited longest for its turn, since requests may be short rather
// than places; within a stream it is the item that became available first. The
// backlog leaves one place to the latest items. A stream that has no download under
// way may begin one even if all places are taken, so that others cannot block it.
func (s *state) nextDownload(ready []*stream, latest bool) *task {
	places := s.cfg.Concurrency
	if !latest {
		places = max(1, places-1)
	}
	var first *item
	for _, st := range ready {
		queue := *st.queue(latest)
		if len(queue) == 0 || s.downloads >= places && st.downloads > 0 {
			continue
		}
		if first == nil || st.downloads < first.stream.downloads ||
			st.downloads == first.stream.downloads && st.lastDownload < first.stream.lastDownload {
			first = queue[0]
		}
	}
	if first == nil {
		return nil
	}
	return &task{kind: downloadItem, stream: first.stream, item: first}
}

func (st *stream) queue(latest bool) *itemQueue {
	if latest {
		return &st.latestItems
	}
	return &st.backlogItems
}

func (st *stream) enqueue(i *item) { heap.Push(st.queue(i.latest), i) }

// itemQueue is a heap of items, ordered by when they became available.
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
