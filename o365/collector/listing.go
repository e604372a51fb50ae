package collector

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// listing is a span that is being listed, page by page, and then waits until
// all it listed is delivered.
type listing struct {
	span         source.Span
	requestFrom  time.Time // startTime of the request
	latest       bool
	allPagesRead bool
	undelivered  int // items not yet delivered
	failures     int
	notBefore    time.Time // not before
	unproven     bool      // by a clock that may be wrong, or not all of it was kept: it proves nothing
	endedBadly   bool      // it came to its end, but not to a proper one: a page that is read is no success
	paging
}

func (st *stream) newListing(span source.Span) *listing {
	return &listing{span: span, requestFrom: span.From.Add(-st.limits.Overlap)}
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

// advanceListing takes a listing to its next page, to the same once more if that has
// more entries than were taken, or to its end.
func (s *state) advanceListing(st *stream, l *listing, r result, isNew bool, now time.Time) {
	l.pageFailures = 0
	l.badEntries += r.page.Bad
	if r.page.FirstBad != nil {
		s.reportBadEntries(st, r.page)
	}
	if l.rereadPage = r.page.More; l.rereadPage {
		return
	}
	if r.page.Next == "" {
		s.lastPageRead(st, l, now)
		return
	}
	if l.pagesWithoutNew++; isNew {
		l.pagesWithoutNew = 0
	}
	if err := l.advanceTo(r.page.Next); err != nil {
		s.relist(st, l, err, now)
	}
}

// lastPageRead ends a listing whose last page was read. One with entries that could
// not be used proves nothing: the newest span is listed again at each poll, others
// after a pause.
func (s *state) lastPageRead(st *stream, l *listing, now time.Time) {
	bad := l.badEntries > 0
	l.restart()
	if l.latest {
		st.latestHasBadEntries = bad
		l.unproven = l.unproven || bad
		if st.latestSetAside {
			st.latestSetAside = false
			s.retryEarly(st, now)
		}
	} else if bad && !l.unproven {
		l.endedBadly = true
		s.listingFailed(st, l, errBadEntries, now)
		return
	}
	if l.endedBadly && !bad {
		s.retryEarly(st, now)
	}
	s.closeListing(st, l)
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

// paging is how far a listing has come, page by page.
type paging struct {
	next            string              // address of the next page; empty: the first
	rereadPage      bool                // the page has more entries than were taken
	pageFailures    int                 // how often in a row the next page failed
	badEntries      int                 // entries that could not be used
	seenPages       map[uint64]struct{} // addresses of next pages, hashed
	pagesWithoutNew int                 // pages in a row with nothing new
}

// restart begins a listing at its first page.
func (c *paging) restart() { *c = paging{} }

// mostPagesWithoutNew is how many pages in a row may have nothing new. A listing of a
// span that was delivered has no other, so it is far more than any has.
const mostPagesWithoutNew = 5000

var (
	errListingLoops   = errors.New("the listing comes back to a page that it had before")
	errListingEndless = fmt.Errorf("the listing goes on for %d pages with nothing new", mostPagesWithoutNew)
	errBadEntries     = errors.New("some entries could not be used")
)

// advanceTo makes an address the next one, unless the listing has been there.
func (c *paging) advanceTo(next string) error {
	h := fnv.New64a()
	_, _ = io.WriteString(h, next)
	key := h.Sum64()
	if _, again := c.seenPages[key]; again {
		return errListingLoops
	}
	if c.pagesWithoutNew > mostPagesWithoutNew {
		return errListingEndless
	}
	if c.seenPages == nil {
		c.seenPages = make(map[uint64]struct{})
	}
	c.seenPages[key] = struct{}{}
	c.next = next
	return nil
}
