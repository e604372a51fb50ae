package collector

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// item is a blob that is not delivered yet.
type item struct {
	stream          *stream
	content         source.Item
	delivery        Delivery
	latest          bool
	listedAt        time.Time // when it was listed
	listings        []*listing
	failures        int
	reportedFailing bool // as one that keeps failing
	absentAnswers   int
	notBefore       time.Time // not before
}

// span is of which time the content is: when it became available, or what was
// listed, if the service says no time that can be.
func (i *item) span() source.Span {
	created := wholeSecond(i.content.Created)
	if len(i.listings) == 0 || !created.Before(i.listings[0].span.From.Add(-i.stream.limits.Retention)) && !created.After(i.listedAt.Add(i.stream.limits.Retention)) {
		return source.Span{From: created, To: created.Add(time.Second)}
	}
	return i.listings[0].span
}

// expires tells until when the service keeps the blob.
func (i *item) expires() time.Time {
	if !i.content.Expires.IsZero() {
		return i.content.Expires
	}
	return i.listedAt.Add(i.stream.limits.Retention)
}

// itemListed queues a blob unless it is delivered or queued already.
func (s *state) itemListed(st *stream, l *listing, c source.Item, now time.Time) {
	i := st.items[c.ID]
	if i == nil {
		if s.ledger.Progress(st.id, c.ID).Done {
			return
		}
		i = &item{stream: st, content: c, latest: l.latest, listedAt: s.serviceTime(now)}
		i.delivery = s.sink.Announce(c, func() { s.delivered(i) })
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

// wasCompleted reports whether all that had been listed of a moment is delivered.
func (s *state) wasCompleted(st *stream, at time.Time) bool {
	for _, span := range s.ledger.Completed(st.id) {
		if !at.Before(span.From) && at.Before(span.To) {
			return true
		}
	}
	return false
}

// itemDelivered ends the life of an item that is delivered.
func (s *state) itemDelivered(i *item) {
	if known := i.stream.items[i.content.ID]; known != nil { // it may have been forgotten and listed again
		s.forgetItem(known)
	}
}

func (s *state) forgetItem(i *item) {
	delete(i.stream.items, i.content.ID)
	i.delivery.Forget()
	i.stream.metrics.Pending.Add(-1)
	for _, l := range i.listings {
		l.undelivered--
		s.completeIfDelivered(i.stream, l)
	}
	s.reportCaughtUp(i.stream)
}
