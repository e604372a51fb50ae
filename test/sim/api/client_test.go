package api

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

// t0 is a good time to begin a simulation.
var t0 = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: t0} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// probe asks a service what a client would ask.
type probe struct {
	*testing.T
	client *http.Client
	root   string
	header http.Header
}

func newProbe(t *testing.T, c *Service) *probe {
	return &probe{t, c.Client(), "https://manage.office.com", http.Header{"Authorization": {"Bearer x"}}}
}

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	body   string
}

// code is the AF code of an error answer, in whichever quotes.
func (r reply) code() string {
	_, rest, ok := strings.Cut(strings.ReplaceAll(r.body, "'", `"`), `"code":"`)
	if !ok {
		return ""
	}
	code, _, _ := strings.Cut(rest, `"`)
	return code
}

// try sends a request; path is relative to the feed unless it is a whole URI.
func (p *probe) try(method, path string) (reply, error) {
	p.Helper()
	uri := path
	if !strings.HasPrefix(path, "https://") {
		uri = p.root + "/api/v1.0/" + DefaultTenant + "/activity/feed/" + path
	}
	r, err := http.NewRequestWithContext(p.Context(), method, uri, nil)
	if err != nil {
		p.Fatal(err)
	}
	r.Header = p.header.Clone()
	resp, err := p.client.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(body)}, err
}

func (p *probe) do(method, path string) reply {
	p.Helper()
	r, err := p.try(method, path)
	if err != nil {
		p.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (p *probe) start(contentTypes ...string) {
	p.Helper()
	for _, typ := range contentTypes {
		if r := p.do("POST", "subscriptions/start?contentType="+typ); r.status != 200 && r.code() != "AF20024" {
			p.Fatalf("start %s: %d %s", typ, r.status, r.body)
		}
	}
}

// entry is one line of a listing.
type entry struct {
	ContentType, ContentID, ContentURI string
	ContentCreated, ContentExpiration  time.Time
}

const wire = "2006-01-02T15:04:05"

func contentPath(typ string, from, to time.Time) string {
	return "subscriptions/content?contentType=" + typ + "&startTime=" + from.UTC().Format(wire) + "&endTime=" + to.UTC().Format(wire)
}

// list reads all pages of a listing and counts them.
func (p *probe) list(typ string, from, to time.Time) (all []entry, pages int) {
	p.Helper()
	for uri := contentPath(typ, from, to); uri != ""; pages++ {
		r := p.do("GET", uri)
		if r.status != 200 {
			p.Fatalf("GET %s: %d %s", uri, r.status, r.body)
		}
		var page []entry
		if err := json.Unmarshal([]byte(r.body), &page); err != nil {
			p.Fatalf("%s: %v", uri, err)
		}
		all = append(all, page...)
		uri = r.header.Get("NextPageUri")
	}
	return all, pages
}

// records reads a blob.
func (p *probe) records(uri string) []json.RawMessage {
	p.Helper()
	var list []json.RawMessage
	if r := p.do("GET", uri); r.status != 200 {
		p.Fatalf("GET %s: %d %s", uri, r.status, r.body)
	} else if err := json.Unmarshal([]byte(r.body), &list); err != nil {
		p.Fatalf("GET %s: %v", uri, err)
	}
	return list
}

// week lists seven days up to and with now, and reads everything into k.
func (p *probe) week(k *check.Checker, now time.Time, contentTypes ...string) {
	p.Helper()
	for _, typ := range contentTypes {
		end := now.Add(time.Second)
		for from := end.Add(-7 * day); from.Before(end); from = from.Add(day) {
			entries, _ := p.list(typ, from, from.Add(day))
			for _, e := range entries {
				for _, r := range p.records(e.ContentURI) {
					k.Add(r)
				}
			}
		}
	}
}
