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
	st.pollAt = now.Add(s.pollDelay())
	if !st.polled {
		st.polled = true
		st.pollAt = now.Add(firstPollDelay(st.id, s.cfg.PollInterval))
	}
	if st.latest != nil {
		return // the last poll's listing is still under way
	}
	s.reportEvictedGaps(st, now)
	clock := s.serviceTime(now)
	from := earlier(clock.Add(-s.pollSpan(st)), st.listedTo.Add(-leastPollSpan))
	switch {
	case !now.Before(st.retentionSweepAt) && len(st.backlog) == 0:
		from = earlier(from, clock.Add(-st.limits.Retention))
		st.retentionSweepAt, st.daySweepAt = now.Add(retentionSweepInterval), now.Add(daySweepInterval)
	case !now.Before(st.daySweepAt):
		from = earlier(from, clock.Add(-daySweepSpan))
		st.daySweepAt = now.Add(daySweepInterval)
	}
	if from.Before(st.since) {
		from = st.since
	}
	if edge := st.earliestStart(clock); from.Before(edge) {
		from = edge
	}
	if end := wholeSecond(clock); !from.Before(end) {
		from = end.Add(-time.Second) // something is listed at each poll
	}
	last := s.pollSpan(st)
	if length := clock.Sub(from); length < 2*last {
		last = length // one request, not two
	}
	spans := splitSpan(from, clock, last, st.longestSpan())
	older := make([]*listing, 0, 1+len(spans)+len(st.backlog))
	if s.serviceClock.far(now) {
		older = append(older, s.byLocalClock(st, now))
	}
	for _, span := range spans[:len(spans)-1] {
		l := st.newListing(span)
		l.unproven = !st.opened // it is by this machine's clock
		older = append(older, l)
	}
	// Before a long backfill, or the last day would not be looked at again
	// until that is over.
	st.backlog = append(older, st.backlog...)
	st.latest = st.newListing(spans[len(spans)-1])
	st.latest.latest, st.latest.unproven = true, !st.opened
}

// byLocalClock is a listing of the newest content by this machine's clock, for when
// the service's dates are wrong and not that. It proves nothing.
func (s *state) byLocalClock(st *stream, now time.Time) *listing {
	to := wholeSecond(now)
	l := st.newListing(source.Span{From: to.Add(-s.pollSpan(st)), To: to})
	l.unproven = true
	return l
}

// firstPollDelay is the time from a stream's first poll to its second: streams are begun
// together, and would else be polled together ever after.
func firstPollDelay(id source.Stream, interval time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = io.WriteString(h, id.Tenant+id.ContentType)
	return interval * time.Duration(1+h.Sum32()%1000) / 1000
}

func (st *stream) newListing(span source.Span) *listing {
	return &listing{span: span, requestFrom: span.From.Add(-st.limits.Overlap)}
}

// pollDelay is the time to the next poll: a little less than the interval, by
// chance, or a poll at the end of every minute, when a quota is used up, would
// always be the one that is refused, and its process come off badly.
func (s *state) pollDelay() time.Duration {
	return s.cfg.PollInterval - time.Duration(s.random()*float64(s.cfg.PollInterval)/100)
}

// pollSpan is how far back each poll looks.
func (s *state) pollSpan(st *stream) time.Duration {
	return min(max(leastPollSpan, 2*s.cfg.PollInterval), st.longestSpan())
}

// takePage takes one page of a listing.
func (s *state) takePage(l *listing, st *stream, r result, now time.Time) {
	if !st.wasListed && st.opened {
		st.wasListed = true
		s.monitor.Listed(st.id)
	}
	before := len(st.items)
	for _, c := range r.page.Items {
		if s.serviceClock.observeItem(c.Created, now, st.limits.Retention) {
			s.clockMoved(0, now)
		}
		if c.Created.IsZero() || !c.Created.Before(l.span.From) {
			s.itemListed(st, l, c, now)
		}
	}
	s.advanceListing(st, l, r, len(st.items) > before, now)
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

// closeListing ends a listing whose last page was read.
func (s *state) closeListing(st *stream, l *listing) {
	l.allPagesRead = true
	s.removeListing(st, l)
	if l.span.To.After(st.listedTo) && l.latest && !l.unproven {
		st.listedTo = l.span.To
		st.metrics.Listed.Set(st.listedTo)
	}
	s.completeIfDelivered(st, l)
	s.reportCaughtUp(st)
}

// reportCaughtUp tells, once a start, that the stream has nothing left to do but
// wait for news.
func (s *state) reportCaughtUp(st *stream) {
	if st.caughtUp || !st.opened || !st.idle() {
		return
	}
	st.caughtUp = true
	s.monitor.Note(st.id, "caught up, all content since "+st.since.Format(time.RFC3339)+" is delivered")
}

// removeListing takes a listing out of those that are to be listed.
func (s *state) removeListing(st *stream, l *listing) {
	if st.latest == l {
		st.latest = nil
		return
	}
	for n, b := range st.backlog {
		if b == l {
			st.backlog = append(st.backlog[:n], st.backlog[n+1:]...)
			return
		}
	}
}

// completeIfDelivered tells the ledger of a span in which everything is delivered.
func (s *state) completeIfDelivered(st *stream, l *listing) {
	if l.allPagesRead && l.undelivered == 0 && !l.unproven {
		s.ledger.Complete(st.id, l.span)
	}
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
