package collector

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// listing is a span whose pages are being read, and which then waits until all
// items of them are delivered.
type listing struct {
	span         source.Span
	requestFrom  time.Time // the request's startTime: earlier than the span, by the source's overlap
	cutFrom      time.Time // where the span began before its start was too old; zero: where it begins
	latest       bool      // of the newest span
	allPagesRead bool
	undelivered  int       // items of it
	failures     int       // in a row
	notBefore    time.Time // of its next request
	// An unproven listing proves nothing: it does not complete its span, which is by a
	// clock that may be wrong, or whose entries were not all usable and kept.
	unproven bool
	// The last attempt at a listing that endedBadly read pages that did not come to a
	// proper end, so that reading a page again is not yet a success.
	endedBadly bool
	paging
}

func (st *stream) newListing(span source.Span) *listing {
	return &listing{span: span, requestFrom: span.From.Add(-st.limits.Overlap)}
}

// takePage queues the items of one page of a listing.
func (s *state) takePage(l *listing, st *stream, r result, now time.Time) {
	if !st.wasListed && st.opened {
		st.wasListed = true
		s.monitor.Listed(st.id)
	}
	before := len(st.items)
	for _, c := range r.page.Items {
		if s.serviceClock.observeItem(c.Created, now, st.limits.Retention) {
			s.clockDistrusted(now)
		}
		if !st.unlisted.To.IsZero() && c.Created.After(st.unlisted.To) {
			s.reportUnlisted(st, now)
		}
		if c.Created.IsZero() || !c.Created.Before(l.span.From) {
			s.itemListed(st, l, c, now)
		}
	}
	s.advanceListing(st, l, r, len(st.items) > before, now)
}

// advanceListing moves a listing to its next page, to the same page again if not all
// of its items were taken, or to its end.
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

// lastPageRead ends an attempt at a listing. One with entries that could not be used
// proves nothing: the newest span is listed again at each poll, others after a pause.
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
	if l.endedBadly {
		s.retryEarly(st, now)
	}
	s.closeListing(st, l)
}

// closeListing ends a listing that is not to be attempted again.
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

// removeListing removes a listing from those of which pages are to be read.
func (s *state) removeListing(st *stream, l *listing) {
	if st.latestListing == l {
		st.latestListing = nil
		return
	}
	for n, b := range st.backlogListings {
		if b == l {
			st.backlogListings = append(st.backlogListings[:n], st.backlogListings[n+1:]...)
			return
		}
	}
}

// completeIfDelivered records in the ledger that all content of a listing's span is
// delivered, once that is so. It leaves out what another listing has found there since,
// and what is not delivered yet.
func (s *state) completeIfDelivered(st *stream, l *listing) {
	if !l.allPagesRead || l.undelivered > 0 || l.unproven {
		return
	}
	var found []source.Span
	for _, i := range st.items {
		if span := i.span(); span.From.Before(l.span.To) && l.span.From.Before(span.To) {
			found = append(found, span)
		}
	}
	for _, span := range l.span.Without(joinSpans(found, 1)...) {
		s.ledger.Complete(st.id, span)
	}
}

// paging is how far an attempt at a listing has come.
type paging struct {
	next            string              // address of the next page; empty: the first
	rereadPage      bool                // not all items of the page were taken
	pageFailures    int                 // in a row, of the next page
	badEntries      int                 // that could not become items
	seenPages       map[uint64]struct{} // hashes of the addresses in next
	pagesWithoutNew int                 // in a row
}

// restart begins another attempt, at the first page.
func (p *paging) restart() { *p = paging{} }

// mostPagesWithoutNew is how many pages in a row may have no new item. All pages of a
// span that was delivered are such, so it is far more than any span has.
const mostPagesWithoutNew = 5000

var (
	errListingLoops   = errors.New("the listing comes back to a page that it had before")
	errListingEndless = fmt.Errorf("the listing goes on for %d pages with nothing new", mostPagesWithoutNew)
	errBadEntries     = errors.New("some entries could not be used")
)

// advanceTo makes an address the next one, unless the attempt has been there or does
// not end.
func (p *paging) advanceTo(next string) error {
	h := fnv.New64a()
	_, _ = io.WriteString(h, next)
	key := h.Sum64()
	if _, seen := p.seenPages[key]; seen {
		return errListingLoops
	}
	if p.pagesWithoutNew > mostPagesWithoutNew {
		return errListingEndless
	}
	if p.seenPages == nil {
		p.seenPages = make(map[uint64]struct{})
	}
	p.seenPages[key] = struct{}{}
	p.next = next
	return nil
}
