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

// mostBarrenPages is how many pages in a row may have nothing new. A listing of a
// span that was delivered has no other, so it is far more than any has.
const mostBarrenPages = 5000

var (
	errCircle     = errors.New("the listing comes back to a page that it had before")
	errEndless    = fmt.Errorf("the listing goes on for %d pages with nothing new", mostBarrenPages)
	errBadEntries = errors.New("some entries could not be used")
)

// turnPage takes a listing to its next page, to the same once more if that has
// more entries than were taken, or to its end.
func (s *state) turnPage(st *stream, l *listing, r result, isNew bool, now time.Time) {
	l.refused = 0
	l.bad += r.page.Bad
	if r.page.FirstBad != nil {
		s.reportBadEntries(st, r.page)
	}
	if l.again = r.page.More; l.again {
		return
	}
	if r.page.Next == "" {
		s.endListing(st, l, now)
		return
	}
	if l.barren++; isNew {
		l.barren = 0
	}
	if err := l.follow(r.page.Next); err != nil {
		s.listAgain(st, l, err, now)
	}
}

// listAgain begins a listing that did not come to a proper end at its first page,
// after a pause. Until it does, a page that can be read is no success.
func (s *state) listAgain(st *stream, l *listing, err error, now time.Time) {
	l.restart()
	l.spoiled = true
	s.listingFailed(st, l, err, now)
	s.listingTrouble(st, l, err)
	s.setAside(st, l)
}

// setAside moves a listing of the newest span that keeps failing on later pages to
// the backlog, so that the next poll lists what became available since. Those of
// the polls after it join it there.
func (s *state) setAside(st *stream, l *listing) {
	if !l.fresh || l.void {
		return
	}
	before := slices.IndexFunc(st.backlog, func(b *listing) bool {
		return b.spoiled && !l.span.From.After(b.span.To) && l.span.To.Sub(b.span.From) <= st.mostSpan()
	})
	switch {
	case before >= 0:
		aside := st.backlog[before]
		aside.restart()
		if aside.span.To.Before(l.span.To) {
			aside.span.To = l.span.To
		}
		l.void = true
	case l.failures < silentFailures:
		return
	default:
		l.fresh = false
		st.backlog = append([]*listing{l}, st.backlog...)
	}
	st.fresh, st.asideFails = nil, true
	st.listedTo = later(st.listedTo, l.span.To)
}

// chain is how far a listing has come, page by page.
type chain struct {
	next    string              // address of the next page; empty: the first
	again   bool                // the page has more entries than were taken
	refused int                 // how often in a row the next page failed
	bad     int                 // entries that could not be used
	pages   map[uint64]struct{} // addresses of next pages, hashed
	barren  int                 // pages in a row with nothing new
}

// restart begins a listing at its first page.
func (c *chain) restart() { *c = chain{} }

// follow makes an address the next one, unless the listing has been there.
func (c *chain) follow(next string) error {
	h := fnv.New64a()
	_, _ = io.WriteString(h, next)
	key := h.Sum64()
	if _, again := c.pages[key]; again {
		return errCircle
	}
	if c.barren > mostBarrenPages {
		return errEndless
	}
	if c.pages == nil {
		c.pages = make(map[uint64]struct{})
	}
	c.pages[key] = struct{}{}
	c.next = next
	return nil
}

// endListing ends a listing whose last page was read. One with entries that could
// not be used proves nothing: the newest span is listed again at each poll, others
// after a pause.
func (s *state) endListing(st *stream, l *listing, now time.Time) {
	bad := l.bad > 0
	l.restart()
	if l.fresh {
		st.badEntries = bad
		l.void = l.void || bad
		if st.asideFails {
			st.asideFails = false
			s.revive(st, now)
		}
	} else if bad && !l.void {
		l.spoiled = true
		s.listingFailed(st, l, errBadEntries, now)
		return
	}
	if l.spoiled && !bad {
		s.revive(st, now)
	}
	s.paged(st, l)
}

func (s *state) reportBadEntries(st *stream, p source.Page) {
	s.monitor.Set(st.id, health.Listing, health.Degraded, health.Cause{
		What: "some entries of the service's listings can't be used", Transient: true,
		Do:     "nothing need be done unless it lasts: all others are collected, and the span is listed again; if it lasts, report it to Microsoft",
		Detail: fmt.Sprintf("%d on a page; the first: %v", p.Bad, p.FirstBad),
	})
}
