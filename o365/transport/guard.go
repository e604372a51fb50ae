package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// A Guard is a round tripper for requests that carry a credential. It sends them
// only to the origins they are meant for ([OriginError]), returns an error for a
// redirect ([RedirectError]), and bounds the body of an answer ([ErrBodyTooLarge]).
// The client above it must not follow redirects either: see [Guard.Client].
type Guard struct {
	Next http.RoundTripper // nil: http.DefaultTransport
	// Origins are those that requests may go to. None means that the caller alone
	// decides, as with an address from the environment.
	Origins []Origin
	// MaxBody is how many bytes of a body can be read.
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

// An OriginError is a request to an origin that is not allowed. Nothing was sent.
type OriginError struct{ Got, Want Origin }

func (e *OriginError) Error() string {
	return fmt.Sprintf("%s is another %s than %s", e.Got, e.Want.Differs(e.Got), e.Want)
}

// NonRetriable keeps azcore from retrying.
func (e *OriginError) NonRetriable() {}

// A RedirectError is an answer that is a redirect. It is not followed.
type RedirectError struct {
	Status int
	To     Origin // zero if the answer names none
}

func (e *RedirectError) Error() string {
	if e.To == (Origin{}) {
		return fmt.Sprintf("HTTP %d: a redirect without an address", e.Status)
	}
	return fmt.Sprintf("HTTP %d: a redirect to %s", e.Status, e.To)
}

// NonRetriable keeps azcore from retrying.
func (e *RedirectError) NonRetriable() {}

// ErrBodyTooLarge is the error of reading a body after [Guard.MaxBody] bytes.
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
	resp, err := send(next, r)
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

// limitedBody returns ErrBodyTooLarge after so many bytes.
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
