package activity

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Bounds of a page of a listing, of which the API documents none. Real pages have
// some hundreds of entries of 400 bytes.
const (
	maxEntries    = 2000 // new ones that a page returns at most, see source.Want
	maxBadEntries = 1000 // unusable ones above which the page is an error
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
	err = c.eachElement(source.OpList, resp, func(raw []byte) (bool, error) {
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
