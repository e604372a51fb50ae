package api

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"
)

// window is the span of contentCreated that a listing asks for: from start on,
// before end.
type window struct {
	start, end time.Time
	partial    bool // wider than the service promises to answer in full
}

// listContent serves a page of a content listing.
func (c *Service) listContent(req *request) error {
	entries, err := c.entries(req)
	if err != nil {
		return err
	}
	req.w.Header().Set("Content-Type", jsonType)
	_ = c.writeBody(req, array(slices.Values(entries)), len(entries))
	return nil
}

// entries makes one page of a listing and its NextPageUri.
func (c *Service) entries(req *request) ([]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance()
	s, err := c.find(req)
	if err != nil {
		return nil, err
	}
	switch {
	case s.sub.disabledBy != "":
		return nil, refusef("AF20023", "The subscription was disabled by %s.", s.sub.disabledBy)
	case !s.sub.enabled:
		return nil, refusef("AF20022", "No subscription found for the specified content type.")
	}
	win, err := c.window(req)
	if err != nil {
		return nil, err
	}
	page, err := c.pageOf(req, s)
	if err != nil {
		return nil, err
	}
	found := c.match(s, win, page)
	if len(found) > c.opt.PageSize {
		found = found[:c.opt.PageSize]
		req.w.Header().Set("NextPageUri", c.nextPageURI(req, s, page.after(found[len(found)-1])))
	}
	c.stats.listing(page.position == 0)
	entries := make([]string, len(found))
	for i, b := range found {
		b.shown++
		entries[i] = c.entry(req, b, win)
	}
	return entries, nil
}

// match returns the blobs of a window that come after page's position, in order
// of their appearance, one more than a page holds at most.
func (c *Service) match(s *series, win window, page page) []*blob {
	now := c.Now()
	if now.Before(s.sub.since.Add(c.opt.FirstContent)) {
		return nil
	}
	var found []*blob
	for i, b := range s.listed {
		switch {
		case b.listed.After(page.seen):
			return found
		case b.created.Before(win.start) || !b.created.Before(win.end) || !now.Before(b.expires):
		case win.partial && i%2 == 1:
		case page.position > 0 && !page.before(b):
		default:
			if found = append(found, b); len(found) > c.opt.PageSize {
				return found
			}
		}
	}
	return found
}

var timeForms = []string{
	"2006-01-02",
	"2006-01-02T15:04", "2006-01-02T15:04Z07:00",
	"2006-01-02T15:04:05", time.RFC3339,
}

func parseTime(name, text string) (time.Time, error) {
	for _, form := range timeForms {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, refusef("AF20002", "Invalid parameter type: %s. Expected type: DateTime", name)
}

func (c *Service) window(req *request) (window, error) {
	now := c.Now()
	from, to := req.param("startTime"), req.param("endTime")
	if from == "" && to == "" {
		return window{start: now.Add(-day), end: now}, nil
	}
	if from == "" || to == "" {
		return window{}, badWindow("AF20030")
	}
	start, err := parseTime("startTime", from)
	if err != nil {
		return window{}, err
	}
	end, err := parseTime("endTime", to)
	if err != nil {
		return window{}, err
	}
	win, length := window{start: start, end: end}, end.Sub(start)
	switch {
	case length < 0:
		return win, badWindow("AF20030")
	case now.Sub(start) > 7*day+c.opt.Grace:
		return win, badWindow("AF20055")
	case length > day && c.opt.LongWindow:
		win.partial = true
	case length > day, length == day && c.opt.ShortDay:
		return win, badWindow("AF20055")
	}
	return win, nil
}

func badWindow(code string) error {
	return refusef(code, "Start time and end time must both be specified (or both omitted) and must be less than or equal to 24 hours apart, with the start time no more than 7 days in the past.")
}

// page is a position in a listing.
type page struct {
	seen     time.Time // content listed later is not part of this listing
	listed   int64     // ms
	position int       // number of the last blob handed out, plus 1; 0 is the first page
}

func (p page) after(b *blob) page {
	return page{p.seen, b.listed.UnixMilli(), b.number + 1}
}

// before reports whether the page's last entry precedes b.
func (p page) before(b *blob) bool {
	if ms := b.listed.UnixMilli(); ms != p.listed {
		return ms > p.listed
	}
	return b.number+1 > p.position
}

// pageOf reads the nextPage parameter.
func (c *Service) pageOf(req *request, s *series) (page, error) {
	token := req.param("nextPage")
	if token == "" {
		return page{seen: c.Now()}, nil
	}
	bad := refusef("AF20031", "Invalid nextPage Input: %s.", token)
	parts := strings.Split(token, "$")
	if len(parts) != 4 {
		return page{}, bad
	}
	var n [3]int64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseInt(parts[i], 10, 64); err != nil {
			return page{}, bad
		}
	}
	p := page{time.UnixMilli(n[0]), n[1], int(n[2])}
	if token != c.pageToken(req, s, p) || c.opt.PageLife > 0 && c.Now().Sub(p.seen) > c.opt.PageLife {
		return page{}, bad
	}
	return p, nil
}

// pageToken seals a page for the listing it belongs to.
func (c *Service) pageToken(req *request, s *series, p page) string {
	token := fmt.Sprintf("%d$%d$%d$", p.seen.UnixMilli(), p.listed, p.position)
	h := fnv.New64a()
	fmt.Fprint(h, s.key, token, req.param("startTime"), req.param("endTime"))
	return token + fmt.Sprintf("R%015X", h.Sum64()>>4)
}

// nextPageURI names the parameters in lower case and leaves the publisher out,
// as the service does.
func (c *Service) nextPageURI(req *request, s *series, p page) string {
	uri := c.root(req.r) + req.r.URL.Path + "?contenttype=" + s.typ
	if start := req.param("startTime"); start != "" {
		uri += "&starttime=" + start + "&endtime=" + req.param("endTime")
	}
	return c.elsewhere(req, NextPageElsewhere, uri+"&nextpage="+c.pageToken(req, s, p))
}

func (c *Service) entry(req *request, b *blob, win window) string {
	uri := c.root(req.r) + "/api/v1.0/" + req.tenant.id + "/activity/feed/audit/" + b.id
	if c.opt.PartStart && b.created.Equal(win.start) {
		uri += "?part=2"
	}
	return fmt.Sprintf(`{"contentUri":%q,"contentId":%q,"contentType":%q,"contentCreated":%q,"contentExpiration":%q}`,
		c.elsewhere(req, ContentElsewhere, uri), b.id, b.series.typ, formatTime(b.created), formatTime(b.expires))
}
