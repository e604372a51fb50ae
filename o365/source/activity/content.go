package activity

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Bounds of a page of a listing, of which the API documents none. Real pages have
// some hundreds of entries of 400 bytes.
const (
	answerBuffer  = 32 << 10              // bytes that are read of an answer at once
	maxPage       = 1 << 30               // bytes, unpacked; they are streamed
	maxEntry      = 16 << 10              // bytes
	maxEntries    = 2000                  // new ones that are taken at once, see Want
	maxBadEntries = 1000                  // unusable ones until the page is given up
	maxURI        = 8 << 10               // bytes
	maxID         = 200                   // characters
	timeLayout    = "2006-01-02T15:04:05" // the longest of the three forms that the API documents, UTC
)

// List implements [source.Source].
func (c *Client) List(ctx context.Context, contentType string, span source.Span, next string, want source.Want) (source.Page, error) {
	if next == "" {
		next = "subscriptions/content?contentType=" + url.QueryEscape(contentType) +
			"&startTime=" + span.From.UTC().Format(timeLayout) + "&endTime=" + span.To.UTC().Format(timeLayout)
	}
	return c.page(ctx, contentType, next, want)
}

func (c *Client) page(ctx context.Context, contentType string, ref string, want source.Want) (source.Page, error) {
	resp, err := c.do(ctx, source.OpList, http.MethodGet, ref)
	if err != nil {
		return source.Page{}, err
	}
	defer resp.Body.Close()
	page := source.Page{Next: resp.Header.Get("NextPageUri"), Date: headerDate(resp.Header)}
	if len(page.Next) > maxURI {
		return source.Page{}, fmt.Errorf("%s: answer: the NextPageUri has %d bytes", source.OpList, len(page.Next))
	}
	most := maxEntries
	if want.Most > 0 {
		most = min(most, want.Most)
	}
	err = eachElement(source.OpList, resp, func(raw []byte) (bool, error) {
		item, err := parseEntry(contentType, raw)
		switch {
		case err != nil:
			if page.Bad++; page.FirstBad == nil {
				page.FirstBad = err
			}
			if page.Bad > maxBadEntries {
				return false, fmt.Errorf("more than %d entries can't be used; the first: %w", maxBadEntries, page.FirstBad)
			}
			return true, nil
		case want.New != nil && !want.New(item.ID):
			return true, nil
		case len(page.Items) == most:
			page.More = true
			return false, nil
		}
		page.Items = append(page.Items, item)
		return true, nil
	})
	if err != nil {
		return source.Page{}, err
	}
	return page, nil
}

// parseEntry reads a content listing's element. Where one cannot be read, its
// error names what is wrong and has nothing of it in it.
func parseEntry(contentType string, raw []byte) (source.Item, error) {
	var e struct{ ContentID, ContentURI, ContentCreated, ContentExpiration any }
	if raw[0] != '{' || json.Unmarshal(raw, &e) != nil {
		return source.Item{}, errors.New("an entry is not a JSON object")
	}
	id, _ := e.ContentID.(string)
	uri, _ := e.ContentURI.(string)
	created, _ := e.ContentCreated.(string)
	expires, _ := e.ContentExpiration.(string)
	switch {
	case id == "":
		return source.Item{}, errors.New("an entry has no contentId")
	case uri == "":
		return source.Item{}, fmt.Errorf("the entry %s has no contentUri", shortID(id))
	case len(uri) > maxURI:
		return source.Item{}, fmt.Errorf("the entry %s has a contentUri of %d bytes", shortID(id), len(uri))
	}
	return source.Item{ContentType: contentType, ID: shortID(id), URI: uri, Created: parseTime(created), Expires: parseTime(expires)}, nil
}

// shortID is what a contentId is known by: itself, unless it is longer than any
// that has been seen or has something in it that is not to be shown.
func shortID(id string) string {
	shown := func(r rune) bool { return r != utf8.RuneError && r != ' ' && unicode.IsPrint(r) }
	hidden := func(r rune) bool { return !shown(r) }
	if utf8.RuneCountInString(id) <= maxID && strings.IndexFunc(id, hidden) < 0 {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	digest := "~" + hex.EncodeToString(sum[:16])
	var short strings.Builder
	n := 0
	for _, r := range id {
		if n == maxID-len(digest) {
			break
		}
		if shown(r) {
			short.WriteRune(r)
			n++
		}
	}
	return short.String() + digest
}

// eachElement calls f with every element of an answer that is a JSON array, until
// f does not want more.
func eachElement(op source.Op, resp *http.Response, f func(raw []byte) (more bool, err error)) error {
	body := bufio.NewReaderSize(resp.Body, answerBuffer)
	if err := notList(op, resp, body); err != nil {
		return err
	}
	bounded := &io.LimitedReader{R: body, N: maxPage}
	cut := elements.NewCutter(nil)
	cut.Reset(bounded, maxEntry)
	for {
		el, err := cut.Next()
		switch {
		case err == io.EOF:
			return nil
		case bounded.N <= 0:
			return fmt.Errorf("%s: answer: larger than %d MB", op, maxPage>>20)
		case err != nil:
			return fmt.Errorf("%s: answer: %w", op, err)
		}
		raw := el.Raw
		if el.Err != nil || len(raw) == 0 {
			raw = []byte{0} // no entry
		}
		if more, err := f(raw); err != nil {
			return fmt.Errorf("%s: answer: %w", op, err)
		} else if !more {
			return nil
		}
	}
}

// notList returns the error that an answer with status 200 is: an error object is
// one whatever the status, and a page is somebody else's.
func notList(op source.Op, resp *http.Response, body *bufio.Reader) error {
	start, _ := body.Peek(512)
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\ufeff")), " \t\r\n")
	switch {
	case len(start) > 0 && start[0] == '{':
		return readError(op, resp, body)
	case len(start) > 0 && start[0] == '<':
		return fmt.Errorf("%s: answer: a web page came instead of JSON: is a proxy or a firewall between?", op)
	}
	return nil
}

// Open implements [source.Source].
func (c *Client) Open(ctx context.Context, item source.Item) (io.ReadCloser, error) {
	resp, err := c.do(ctx, source.OpDownload, http.MethodGet, item.URI)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// parseTime reads the API's times: RFC 3339, or the same without a zone. What is
// no plausible year is none.
func parseTime(s string) time.Time {
	if len(s) > len(time.RFC3339Nano)+10 {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse(timeLayout, s)
	}
	if t = t.UTC(); err != nil || t.Year() < 1900 || t.Year() > 9000 {
		return time.Time{}
	}
	return t
}

func headerDate(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
