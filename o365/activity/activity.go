// Package activity speaks the Office 365 Management Activity API: typed calls
// for subscriptions, content listings and content blobs, and what to do about
// each error it can answer.
//
// It follows Microsoft's "Office 365 Management Activity API reference"
// (office-365-management-activity-api-reference.md in
// MicrosoftDocs/office-365-management-api) and keeps neither state nor time:
// when to call again is for the caller to decide, with [Decide] as a guide.
package activity

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ContentType is a kind of audit content, as the API spells it.
type ContentType string

// The content types of the API.
const (
	AzureActiveDirectory ContentType = "Audit.AzureActiveDirectory"
	Exchange             ContentType = "Audit.Exchange"
	SharePoint           ContentType = "Audit.SharePoint"
	General              ContentType = "Audit.General"
	DLP                  ContentType = "DLP.All"
)

// Short returns the name used in tags: azureactivedirectory, exchange,
// sharepoint, general or dlp.
func (c ContentType) Short() string {
	if c == DLP {
		return "dlp"
	}
	return strings.ToLower(strings.TrimPrefix(string(c), "Audit."))
}

// Content is one entry of a content listing: a blob that can be downloaded
// until Expires. Times that the service left out or garbled are zero.
type Content struct {
	Type    ContentType
	ID      string
	URI     string
	Created time.Time
	Expires time.Time
}

// Tokens gives the bearer tokens for one tenant.
type Tokens interface {
	// Token returns a token that is valid now.
	Token(ctx context.Context) (string, error)
	// Reject says that the service refused the token: Token must not return
	// it again.
	Reject(token string)
}

// Options are what a [Client] needs; all but HTTP and Observe are required.
type Options struct {
	// Endpoint is the API's base URL, e.g. https://manage.office.com.
	Endpoint string
	// Tenant is the directory (tenant) id.
	Tenant string
	// Publisher is sent as PublisherIdentifier on every call.
	Publisher string
	Tokens    Tokens
	// HTTP must not follow redirects with the bearer token; New makes sure
	// of it on a copy. Nil means a client of its own.
	HTTP *http.Client
	// Timeout bounds the wait for an answer, and for each further piece of
	// a body. Zero means one minute.
	Timeout time.Duration
	// Observe, if set, is told of every request: nil if it was answered with
	// status 200, else an [*Error] or that of the network.
	Observe func(op Op, err error)
}

// Client makes calls for one tenant. It is safe for concurrent use.
type Client struct {
	feed      *url.URL // …/api/v1.0/TENANT/activity/feed/
	publisher string
	tokens    Tokens
	http      *http.Client
	timeout   time.Duration
	observe   func(Op, error)
	gunzips   gunzips
}

// New returns a client. It makes no request.
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
		timeout:   o.Timeout,
		observe:   o.Observe,
	}
	if c.timeout == 0 {
		c.timeout = time.Minute
	}
	if c.observe == nil {
		c.observe = func(Op, error) {}
	}
	client := http.Client{}
	if o.HTTP != nil {
		client = *o.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &client
	return c, nil
}
