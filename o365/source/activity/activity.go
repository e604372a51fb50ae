// Package activity is the [source.Source] of the Office 365 Management Activity API:
// its calls for subscriptions, listings and downloads, and what to do about each of
// its errors.
//
// It follows Microsoft's "Office 365 Management Activity API reference"
// (office-365-management-activity-api-reference.md in
// MicrosoftDocs/office-365-management-api) and "Troubleshooting the Office 365
// Management Activity API" (troubleshooting-the-office-365-management-activity-api.md
// there). What the API calls a content blob is an item here.
//
// Every call goes through [Client.do] in request.go. Calls are in subscriptions.go,
// listing.go (entry.go reads an entry of a listing) and download.go. Of a refusal,
// errors.go reads the answer, retryafter.go its Retry-After; codes.go has each error
// code, decide.go what to do about an error, explain.go what it means, and
// permission.go how to grant a permission.
package activity

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// Options are what a [Client] needs; all but HTTP and Observe are required.
type Options struct {
	// Endpoint is the API's base URL, e.g. https://manage.office.com.
	Endpoint string
	// Tenant is the directory (tenant) id.
	Tenant string
	// Publisher is sent as PublisherIdentifier on every call: a GUID.
	Publisher string
	Tokens    source.Tokens
	// HTTP is copied: the copy follows no redirect, which would take the token
	// elsewhere. Nil means a client of its own.
	HTTP *http.Client
	// Timeout bounds the wait for an answer, and for each further piece of
	// a body. Zero means one minute.
	Timeout time.Duration
	// Observe, if set, is called after every request: with nil if its answer begins
	// like one that was asked for, else with a [*source.Error], an error of the network,
	// or that of an answer that cannot be read.
	Observe func(op source.Op, err error)
}

const (
	defaultTimeout = time.Minute
	// maxCallTime and maxDownloadTime bound the wait for an answer in all, however fast it
	// comes.
	maxCallTime     = 5 * time.Minute
	maxDownloadTime = time.Hour
)

// newHTTP returns a client that unpacks answers and waits for each of them for total
// at most.
func newHTTP(o Options, total time.Duration) *http.Client {
	client := http.Client{}
	if o.HTTP != nil {
		client = *o.HTTP
	}
	next := client.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	client.Transport = &transport.Gunzip{Next: transport.Stall{Next: next, Timeout: o.Timeout, Total: total}}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// Client makes the calls for one tenant. It is safe for concurrent use, and a
// [source.Subscriber].
type Client struct {
	feed      *url.URL // …/api/v1.0/TENANT/activity/feed/
	publisher string
	tokens    source.Tokens
	calls     *http.Client // of all requests but downloads
	downloads *http.Client
	observe   func(source.Op, error)
	maxAnswer int64 // bytes of a JSON array, unpacked; it is streamed
}

var _ source.Subscriber = (*Client)(nil)

// New returns a client. It makes no request; its error is that of an endpoint that
// is not an https URL.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	if base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("endpoint: %q is not an https URL", o.Endpoint)
	}
	c := &Client{
		feed:      base.JoinPath("api/v1.0", o.Tenant, "activity/feed/"),
		publisher: o.Publisher,
		tokens:    o.Tokens,
		observe:   o.Observe,
		maxAnswer: maxAnswer,
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if c.observe == nil {
		c.observe = func(source.Op, error) {}
	}
	c.calls, c.downloads = newHTTP(o, maxCallTime), newHTTP(o, maxDownloadTime)
	return c, nil
}
