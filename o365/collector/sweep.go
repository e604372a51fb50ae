package collector

import (
	"hash/fnv"
	"io"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// sweep queues the listings of a stream that are due at now.
func (s *state) sweep(st *stream, now time.Time) {
	if now.Before(st.pollAt) || !st.subscribed {
		return
	}
	st.pollAt = now.Add(s.nextPoll())
	if !st.polled {
		st.polled = true
		st.pollAt = now.Add(phase(st.id, s.cfg.PollInterval))
	}
	if st.fresh != nil {
		return // the last poll's listing is still under way
	}
	s.evictedLost(st, now)
	clock := s.clock(now)
	from := earlier(clock.Add(-s.newest(st)), st.listedTo.Add(-newest))
	switch {
	case !now.Before(st.weekAt) && len(st.backlog) == 0:
		from = earlier(from, clock.Add(-st.limits.Retention))
		st.weekAt, st.dayAt = now.Add(weekInterval), now.Add(dayInterval)
	case !now.Before(st.dayAt):
		from = earlier(from, clock.Add(-daySweep))
		st.dayAt = now.Add(dayInterval)
	}
	if from.Before(st.since) {
		from = st.since
	}
	if edge := st.oldest(clock); from.Before(edge) {
		from = edge
	}
	if end := second(clock); !from.Before(end) {
		from = end.Add(-time.Second) // something is listed at each poll
	}
	last := s.newest(st)
	if length := clock.Sub(from); length < 2*last {
		last = length // one request, not two
	}
	spans := windows(from, clock, last, st.mostSpan())
	older := make([]*listing, 0, 1+len(spans)+len(st.backlog))
	if s.service.far(now) {
		older = append(older, s.byOwnClock(st, now))
	}
	for _, span := range spans[:len(spans)-1] {
		l := st.listing(span)
		l.void = !st.opened // it is by this machine's clock
		older = append(older, l)
	}
	// Before a long backfill, or the last day would not be looked at again
	// until that is over.
	st.backlog = append(older, st.backlog...)
	st.fresh = st.listing(spans[len(spans)-1])
	st.fresh.fresh, st.fresh.void = true, !st.opened
}

// byOwnClock is a listing of the newest content by this machine's clock, for when
// the service's dates are wrong and not that. It proves nothing.
func (s *state) byOwnClock(st *stream, now time.Time) *listing {
	to := second(now)
	l := st.listing(source.Span{From: to.Add(-s.newest(st)), To: to})
	l.void = true
	return l
}

// phase is the time from a stream's first poll to its second: streams are begun
// together, and would else be polled together ever after.
func phase(id source.Stream, interval time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = io.WriteString(h, id.Tenant+id.ContentType)
	return interval * time.Duration(1+h.Sum32()%1000) / 1000
}

func (st *stream) listing(span source.Span) *listing {
	return &listing{span: span, from: span.From.Add(-st.limits.Overlap)}
}

// nextPoll is the time to the next poll: a little less than the interval, by
// chance, or a poll at the end of every minute, when a quota is used up, would
// always be the one that is refused, and its process come off badly.
func (s *state) nextPoll() time.Duration {
	return s.cfg.PollInterval - time.Duration(s.random()*float64(s.cfg.PollInterval)/100)
}

// newest is how far back each poll looks.
func (s *state) newest(st *stream) time.Duration {
	return min(max(newest, 2*s.cfg.PollInterval), st.mostSpan())
}

// listed takes one page of a listing.
func (s *state) listed(l *listing, st *stream, r result, now time.Time) {
	if !st.wasListed && st.opened {
		st.wasListed = true
		s.monitor.Listed(st.id)
	}
	before := len(st.items)
	for _, c := range r.page.Items {
		if s.service.entry(c.Created, now, st.limits.Retention) {
			s.clockMoved(0, now)
		}
		if c.Created.IsZero() || !c.Created.Before(l.span.From) {
			s.found(st, l, c, now)
		}
	}
	s.turnPage(st, l, r, len(st.items) > before, now)
}

// found queues a blob unless it is delivered or queued already.
func (s *state) found(st *stream, l *listing, c source.Item, now time.Time) {
	i := st.items[c.ID]
	if i == nil {
		if s.ledger.Progress(st.id, c.ID).Done {
			return
		}
		i = &item{stream: st, content: c, fresh: l.fresh, seen: s.clock(now)}
		i.delivery = s.sink.Announce(c, func() { s.delivered(i) })
		st.items[c.ID] = i
		st.enqueue(i)
		st.metrics.Pending.Add(1)
		if !l.fresh && s.wasComplete(st, c.Created) {
			st.metrics.Late.Add(1)
		}
	}
	for _, known := range i.listings {
		if known == l {
			return
		}
	}
	i.listings = append(i.listings, l)
	l.open++
}

// wasComplete reports whether all that had been listed of a moment is delivered.
func (s *state) wasComplete(st *stream, at time.Time) bool {
	for _, span := range s.ledger.Completed(st.id) {
		if !at.Before(span.From) && at.Before(span.To) {
			return true
		}
	}
	return false
}

// paged ends a listing whose last page was read.
func (s *state) paged(st *stream, l *listing) {
	l.listed = true
	s.drop(st, l)
	if l.span.To.After(st.listedTo) && l.fresh && !l.void {
		st.listedTo = l.span.To
		st.metrics.Listed.Set(st.listedTo)
	}
	s.settle(st, l)
	s.sayCaughtUp(st)
}

// sayCaughtUp tells, once a start, that the stream has nothing left to do but
// wait for news.
func (s *state) sayCaughtUp(st *stream) {
	if st.caughtUp || !st.opened || !st.idle() {
		return
	}
	st.caughtUp = true
	s.monitor.Note(st.id, "caught up, all content since "+st.since.Format(time.RFC3339)+" is delivered")
}

// drop takes a listing out of those that are to be listed.
func (s *state) drop(st *stream, l *listing) {
	if st.fresh == l {
		st.fresh = nil
		return
	}
	for n, b := range st.backlog {
		if b == l {
			st.backlog = append(st.backlog[:n], st.backlog[n+1:]...)
			return
		}
	}
}

// settle tells the ledger of a span in which everything is delivered.
func (s *state) settle(st *stream, l *listing) {
	if l.listed && l.open == 0 && !l.void {
		s.ledger.Complete(st.id, l.span)
	}
}

// itemDelivered ends the life of an item that is delivered.
func (s *state) itemDelivered(i *item) {
	if known := i.stream.items[i.content.ID]; known != nil { // it may have been forgotten and listed again
		s.forget(known)
	}
}

func (s *state) forget(i *item) {
	delete(i.stream.items, i.content.ID)
	i.delivery.Forget()
	i.stream.metrics.Pending.Add(-1)
	for _, l := range i.listings {
		l.open--
		s.settle(i.stream, l)
	}
	s.sayCaughtUp(i.stream)
}
