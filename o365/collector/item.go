package collector

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// item is a listed item until it is delivered, lost or evicted.
type item struct {
	stream          *stream
	content         source.Item
	delivery        Delivery
	latest          bool       // a latest listing found it first
	listedAt        time.Time  // by the service's clock
	listings        []*listing // that have it and are not complete without it
	failures        int        // of its download, in a row
	reportedFailing bool       // it counts in stream.failingItems
	refusedSince    time.Time  // since when all answers say that it is gone; zero: not the last one
	lostBefore      bool       // it was given up once
	unkept          int        // downloads after which its copy was missing
	notBefore       time.Time  // of the next retry
}

// span is the second in which the item became available, or the listing's span if
// the service gave no plausible time.
func (i *item) span() source.Span {
	created := wholeSecond(i.content.Created)
	if len(i.listings) == 0 || !created.Before(i.listings[0].span.From.Add(-i.stream.limits.Retention)) && !created.After(i.listedAt.Add(i.stream.limits.Retention)) {
		return source.Span{From: created, To: created.Add(time.Second)}
	}
	return i.listings[0].span
}

// expires is until when the source keeps the item.
func (i *item) expires() time.Time {
	if !i.content.Expires.IsZero() {
		return i.content.Expires
	}
	return i.listedAt.Add(i.stream.limits.Retention)
}

// itemListed queues an item of a listing unless it is known or delivered.
func (s *state) itemListed(st *stream, l *listing, c source.Item, now time.Time) {
	i := st.items[c.ID]
	if i == nil {
		retryLost, lost := st.lostItems[c.ID]
		if lost && now.Before(retryLost) || s.ledger.Progress(st.id, c.ID).Done {
			return
		}
		i = &item{stream: st, content: c, latest: l.latest, listedAt: s.serviceTime(now), lostBefore: lost}
		i.delivery = s.sink.Announce(c, func() { s.onDelivered(i) })
		st.items[c.ID] = i
		st.enqueue(i)
		st.metrics.Pending.Add(1)
		if !l.latest && s.wasCompleted(st, c.Created) {
			st.metrics.Late.Add(1)
		}
	}
	for _, known := range i.listings {
		if known == l {
			return
		}
	}
	i.listings = append(i.listings, l)
	l.undelivered++
}

// wasCompleted reports whether a moment is in a span that was completed.
func (s *state) wasCompleted(st *stream, at time.Time) bool {
	for _, span := range s.ledger.Completed(st.id) {
		if !at.Before(span.From) && at.Before(span.To) {
			return true
		}
	}
	return false
}

// itemDelivered removes an item that is delivered.
func (s *state) itemDelivered(i *item) {
	delete(i.stream.lostItems, i.content.ID)
	s.takeBackGaps(i)
	if known := i.stream.items[i.content.ID]; known != nil { // the item may have been evicted and listed again
		s.forgetItem(known)
	}
}

// forgetItem removes an item, which completes the listings that had no other left.
func (s *state) forgetItem(i *item) {
	delete(i.stream.items, i.content.ID)
	i.delivery.Forget()
	i.stream.metrics.Pending.Add(-1)
	if i.content.Taken {
		i.stream.metrics.ArchivePending.Add(-1)
	}
	for _, l := range i.listings {
		l.undelivered--
		s.completeIfDelivered(i.stream, l)
	}
	s.reportCaughtUp(i.stream)
}

// mostLostItems is how many lost items of a stream are remembered, so that each poll
// does not try them again.
const mostLostItems = 10_000

// rememberLost keeps a lost item from being tried before a time.
func (st *stream) rememberLost(id string, retryAt time.Time) {
	if st.lostItems == nil {
		st.lostItems = make(map[string]time.Time)
	}
	if len(st.lostItems) >= mostLostItems {
		for other := range st.lostItems { // any of them
			delete(st.lostItems, other)
			break
		}
	}
	st.lostItems[id] = retryAt
}
