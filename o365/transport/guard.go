package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Guard is a round tripper for requests that carry a credential. It sends them to
// no other origin than those they are meant for, takes no redirect for an answer,
// and bounds what is read of one. The client above it must not follow redirects
// either: see [Guard.Client].
type Guard struct {
	Next http.RoundTripper // nil: http.DefaultTransport
	// Origins are those that may be asked. None at all means that the caller
	// alone decides where requests go, as with an address of the environment.
	Origins []Origin
	// MaxBody is how many bytes of an answer can be read. More are an error.
	MaxBody int64
}

// Client returns a copy of a client (nil: a new one) whose requests go through
// the guard.
func (g Guard) Client(c *http.Client) *http.Client {
	var guarded http.Client
	if c != nil {
		guarded = *c
	}
	g.Next = guarded.Transport
	guarded.Transport = g
	guarded.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &guarded
}

// OriginError says that a request would have gone to another origin. Nothing was
// sent.
type OriginError struct{ Got, Want Origin }

func (e *OriginError) Error() string {
	return fmt.Sprintf("%s is another %s than %s", e.Got, e.Want.Differs(e.Got), e.Want)
}

// NonRetriable keeps azcore from trying the same again.
func (e *OriginError) NonRetriable() {}

// RedirectError says that an answer was a redirect, which is not followed.
type RedirectError struct {
	Status int
	To     Origin // zero if the answer does not say
}

func (e *RedirectError) Error() string {
	if e.To == (Origin{}) {
		return fmt.Sprintf("HTTP %d: a redirect without an address", e.Status)
	}
	return fmt.Sprintf("HTTP %d: a redirect to %s", e.Status, e.To)
}

// NonRetriable keeps azcore from trying the same again.
func (e *RedirectError) NonRetriable() {}

// ErrBodyTooLarge says that an answer has more bytes than such an answer may
// have.
var ErrBodyTooLarge = errors.New("the answer is too large")

// RoundTrip implements [http.RoundTripper].
func (g Guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := g.admit(r.URL); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	next := g.Next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 && resp.StatusCode != http.StatusNotModified {
		_ = resp.Body.Close()
		e := &RedirectError{Status: resp.StatusCode}
		if to, err := resp.Location(); err == nil {
			e.To = OriginOf(to)
		}
		return nil, e
	}
	resp.Body = &limitedBody{body: resp.Body, left: g.MaxBody}
	return resp, nil
}

func (g Guard) admit(u *url.URL) error {
	for _, o := range g.Origins {
		if o.Admits(u) {
			return nil
		}
	}
	if len(g.Origins) == 0 {
		return nil
	}
	return &OriginError{Got: OriginOf(u), Want: g.Origins[0]}
}

// limitedBody gives an error after so many bytes.
type limitedBody struct {
	body io.ReadCloser
	left int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrBodyTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, ErrBodyTooLarge
	}
	return n, err
}

func (b *limitedBody) Close() error { return b.body.Close() }
