package collector

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// mostPagesWithoutNew is how many pages in a row may have nothing new. A listing of a
// span that was delivered has no other, so it is far more than any has.
const mostPagesWithoutNew = 5000

var (
	errListingLoops   = errors.New("the listing comes back to a page that it had before")
	errListingEndless = fmt.Errorf("the listing goes on for %d pages with nothing new", mostPagesWithoutNew)
	errBadEntries     = errors.New("some entries could not be used")
)

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

// relist begins a listing that did not come to a proper end at its first page,
// after a pause. Until it does, a page that can be read is no success.
func (s *state) relist(st *stream, l *listing, err error, now time.Time) {
	l.restart()
	l.endedBadly = true
	s.listingFailed(st, l, err, now)
	s.reportListingFailure(st, l, err)
	s.setAsideLatest(st, l)
}

// setAsideLatest moves a listing of the newest span that keeps failing on later pages to
// the backlog, so that the next poll lists what became available since. Those of
// the polls after it join it there.
func (s *state) setAsideLatest(st *stream, l *listing) {
	if !l.latest || l.unproven {
		return
	}
	before := slices.IndexFunc(st.backlog, func(b *listing) bool {
		return b.endedBadly && !l.span.From.After(b.span.To) && l.span.To.Sub(b.span.From) <= st.longestSpan()
	})
	switch {
	case before >= 0:
		aside := st.backlog[before]
		aside.restart()
		if aside.span.To.Before(l.span.To) {
			aside.span.To = l.span.To
		}
		l.unproven = true
	case l.failures < reportAfterFailures:
		return
	default:
		l.latest = false
		st.backlog = append([]*listing{l}, st.backlog...)
	}
	st.latest, st.latestSetAside = nil, true
	st.listedTo = later(st.listedTo, l.span.To)
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

func (s *state) reportBadEntries(st *stream, p source.Page) {
	s.monitor.Set(st.id, health.Listing, health.Degraded, health.Cause{
		What: "some entries of the service's listings can't be used", Transient: true,
		Do:     "nothing need be done unless it lasts: all others are collected, and the span is listed again; if it lasts, report it to Microsoft",
		Detail: fmt.Sprintf("%d on a page; the first: %v", p.Bad, p.FirstBad),
	})
}
