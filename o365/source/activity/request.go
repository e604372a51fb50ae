package activity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// resolve returns the URL of a call from an absolute or relative reference. It keeps
// the query byte for byte (NextPageUri holds a raw "$") and adds the
// PublisherIdentifier. An address of another origin than the endpoint's is an error,
// because the bearer token would go there.
func (c *Client) resolve(ref string) (*url.URL, error) {
	u, err := c.feed.Parse(ref)
	if err != nil {
		return nil, fmt.Errorf("unusable address: %w", err)
	}
	if own := transport.OriginOf(c.feed); !own.Admits(u) {
		return nil, &transport.OriginError{Got: transport.OriginOf(u), Want: own}
	}
	if !strings.Contains(strings.ToLower(u.RawQuery), "publisheridentifier=") {
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += "PublisherIdentifier=" + url.QueryEscape(c.publisher)
	}
	u.Fragment = ""
	return u, nil
}

// do makes one call and returns the answer if it is what was asked for, with a body
// that the caller closes. A token that is refused (401) is replaced, and the call is
// made once more. The errors are those of [source.Source].
func (c *Client) do(ctx context.Context, op source.Op, method, ref string) (*http.Response, error) {
	u, err := c.resolve(ref)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	for again := true; ; again = false {
		token, err := c.tokens.Token(ctx)
		if err != nil {
			return nil, &source.SignInError{Err: err}
		}
		resp, err := c.send(ctx, op, method, u, token)
		if err != nil {
			c.observe(op, err)
			return nil, fmt.Errorf("%s: %w", op, withoutURL(err))
		}
		failure := inspect(op, resp)
		c.observe(op, failure)
		if failure == nil {
			return resp, nil
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized || !again {
			return nil, failure
		}
		c.tokens.Reject(token)
	}
}

func (c *Client) send(ctx context.Context, op source.Op, method string, u *url.URL, token string) (*http.Response, error) {
	client := c.calls
	if op == source.OpDownload {
		client = c.downloads
	}
	return client.Do((&http.Request{
		Method: method,
		URL:    u,
		Host:   u.Host,
		Header: http.Header{
			"Authorization": {"Bearer " + token},
			"Accept":        {"application/json"},
			"User-Agent":    {"fluent-bit-o365"},
		},
	}).WithContext(ctx))
}

// withoutURL takes the address out of an error of net/http, because it may hold a
// paging token.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
