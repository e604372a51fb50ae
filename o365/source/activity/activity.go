// Package activity speaks the Office 365 Management Activity API: typed calls
// for subscriptions, content listings and content blobs, and what to do about
// each error it can answer.
//
// It follows Microsoft's "Office 365 Management Activity API reference"
// (office-365-management-activity-api-reference.md in
// MicrosoftDocs/office-365-management-api) and keeps neither state nor time:
// when to call again is for the caller to decide, with [Client.Decide] as a guide.
package activity

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// The content types that other code has to know apart.
const (
	AzureActiveDirectory = "Audit.AzureActiveDirectory"
	Exchange             = "Audit.Exchange"
	SharePoint           = "Audit.SharePoint"
	General              = "Audit.General"
	DLP                  = "DLP.All"
)

// ContentTypes are all that the API has.
func ContentTypes() []source.ContentType {
	types := []source.ContentType{
		{Name: AzureActiveDirectory, Tag: "azureactivedirectory", Permission: permissionRead},
		{Name: Exchange, Tag: "exchange", Permission: permissionRead},
		{Name: SharePoint, Tag: "sharepoint", Permission: permissionRead},
		{Name: General, Tag: "general", Permission: permissionRead},
		// A match of a rule and its undoing share an Id.
		{Name: DLP, Tag: "dlp", Permission: permissionReadDLP, SharedIDs: true},
	}
	for i := range types {
		types[i].Limits = limits
	}
	return types
}

// limits are what the API allows ("Office 365 Management Activity API reference",
// list available content): windows of at most 24 hours, at most 7 days back.
// Windows of 24 hours to the second have been seen refused. An item that was
// created exactly at a listing's startTime can be served in part (observed by
// Elastic's o365audit input), so a listing begins a second earlier. A subscription
// is started every 15 minutes at most.
var limits = source.Limits{
	Retention:  7 * 24 * time.Hour,
	Window:     24*time.Hour - 59*time.Second,
	Overlap:    time.Second,
	StartPause: 15 * time.Minute,
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
	// status 200, else a [*source.Error] or that of the network.
	Observe func(op source.Op, err error)
}

const (
	defaultTimeout = time.Minute
	// maxCallTime and maxDownloadTime bound the wait for an answer in all, however fast it
	// comes.
	maxCallTime     = 5 * time.Minute
	maxDownloadTime = time.Hour
)

// newHTTP returns a client whose answers are unpacked, and are waited for as long as
// total at most.
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

// Client makes calls for one tenant. It is safe for concurrent use, and a
// [source.Subscriber].
type Client struct {
	feed      *url.URL // …/api/v1.0/TENANT/activity/feed/
	publisher string
	tokens    Tokens
	calls     *http.Client // of all requests but downloads
	downloads *http.Client
	observe   func(source.Op, error)
}

var _ source.Subscriber = (*Client)(nil)

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
		observe:   o.Observe,
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
