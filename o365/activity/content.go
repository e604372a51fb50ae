package activity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// maxListing bounds one page of a listing. The API documents no page size.
const maxListing = 64 << 20

// timeLayout is the longest of the three forms that the API documents, UTC.
const timeLayout = "2006-01-02T15:04:05"

// Page is one page of a content listing.
type Page struct {
	Contents []Content
	// Next is the address of the next page, for [Client.NextPage]; empty on
	// the last one.
	Next string
	// Date is the service's clock; zero if it did not say.
	Date time.Time
}

// entry is a content listing's element as it comes.
type entry struct {
	ID      string `json:"contentId"`
	URI     string `json:"contentUri"`
	Created string `json:"contentCreated"`
	Expires string `json:"contentExpiration"`
}

// List lists the content that became available in [from, to): whole seconds,
// at most 24 hours apart, at most 7 days back.
func (c *Client) List(ctx context.Context, t ContentType, from, to time.Time) (Page, error) {
	return c.page(ctx, t, "subscriptions/content?contentType="+url.QueryEscape(string(t))+
		"&startTime="+from.UTC().Format(timeLayout)+"&endTime="+to.UTC().Format(timeLayout))
}

// NextPage continues a listing at the address that the page before gave.
func (c *Client) NextPage(ctx context.Context, t ContentType, next string) (Page, error) {
	return c.page(ctx, t, next)
}

func (c *Client) page(ctx context.Context, t ContentType, ref string) (Page, error) {
	resp, err := c.do(ctx, OpList, http.MethodGet, ref)
	if err != nil {
		return Page{}, err
	}
	defer resp.Body.Close()
	var entries []entry
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxListing)).Decode(&entries); err != nil {
		return Page{}, fmt.Errorf("%s: answer: %w", OpList, unexpected(err))
	}
	page := Page{
		Contents: make([]Content, 0, len(entries)),
		Next:     resp.Header.Get("NextPageUri"),
		Date:     headerDate(resp.Header),
	}
	for _, e := range entries {
		if e.ID == "" || e.URI == "" {
			return Page{}, fmt.Errorf("%s: answer: an entry without contentId or contentUri", OpList)
		}
		page.Contents = append(page.Contents, Content{
			Type: t, ID: e.ID, URI: e.URI, Created: parseTime(e.Created), Expires: parseTime(e.Expires),
		})
	}
	return page, nil
}

// Open starts the download of a blob, a JSON array of records. The stream
// ends with io.EOF only if the answer was complete as far as HTTP and gzip
// can tell.
func (c *Client) Open(ctx context.Context, content Content) (io.ReadCloser, error) {
	resp, err := c.do(ctx, OpBlob, http.MethodGet, content.URI)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// parseTime reads the API's times: RFC 3339, or the same without a zone.
func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t, err = time.Parse(timeLayout, s)
	}
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func headerDate(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// unexpected makes an end in the middle of an answer look like one.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
