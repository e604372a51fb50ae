package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// dialled is where net/http would connect to for a URL: what counts in the end.
// It is empty when it would not.
func dialled(u *url.URL) (to string) {
	var refuse = errors.New("nobody is called")
	dial := func(how string) func(context.Context, string, string) (net.Conn, error) {
		return func(_ context.Context, _, address string) (net.Conn, error) {
			host, port, _ := net.SplitHostPort(address)
			to = how + " " + strings.TrimSuffix(host, ".") + " " + port
			return nil, refuse
		}
	}
	t := &http.Transport{DialContext: dial("http"), DialTLSContext: dial("https")}
	resp, err := t.RoundTrip(&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{}})
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, refuse) {
		return ""
	}
	// Names are the same whatever the case of their ASCII letters; others are
	// encoded by now (RFC 4343).
	return lower(to)
}

// FuzzGuard asks for any address: none that the guard lets through leads elsewhere
// than the one it is for.
func FuzzGuard(f *testing.F) {
	for _, asked := range []string{
		"https://manage.office.com/x", "HTTPS://MANAGE.office.com.:443", "http://manage.office.com", "https://u:p@manage.office.com",
		"https://manage.off\u0130ce.com", "https://manage.office.com@example.com", `https://manage.office.com\@example.com`,
		"https:manage.office.com", "//manage.office.com", "https://manage.office.com:0443", "https://manage.office.com%2eexample",
		"https://\uff4danage.office.com", "https://manage\u3002office.com", "https://manage.office.com:",
	} {
		f.Add("https://manage.office.com", asked)
	}
	f.Add("https://\ufffd.example", "https://%FF.example")
	f.Add("https://[::1]:8443", "https://[0:0::1]:8443")
	f.Add("https://[fe80::1%25eth0]", "https://[fe80::1%25ETH0]")
	f.Add("https://b\u00fccher.example", "https://xn--bcher-kva.example")
	f.Fuzz(func(t *testing.T, allowed, asked string) {
		own, err := url.Parse(allowed)
		if err != nil || own.Scheme != "https" || own.Host == "" {
			return
		}
		u, err := url.Parse(asked)
		if err != nil {
			return
		}
		through := false
		g := Guard{Origins: []Origin{OriginOf(own)}, MaxBody: 1, Next: roundTrip(func(*http.Request) (*http.Response, error) {
			through = true
			return nil, errors.New("nobody is called")
		})}
		_, err = g.RoundTrip(&http.Request{Method: http.MethodGet, URL: u})
		var foreign *OriginError
		if errors.As(err, &foreign) == through {
			t.Fatalf("let through: %v, %v", through, err)
		}
		if !through {
			if text := foreign.Error(); len(text) > 2000 || strings.ContainsFunc(text, isHidden) {
				t.Errorf("error %q", text)
			}
			if asked == allowed && u.User == nil {
				t.Error("its own address is refused")
			}
			return
		}
		if u.User != nil {
			t.Error("a user goes along")
		}
		if got := dialled(u); got != "" && got != dialled(own) {
			t.Errorf("%q leads to %s, and %q to %s", allowed, dialled(own), asked, got)
		}
	})
}

func isHidden(r rune) bool { return !unicode.IsPrint(r) }

// FuzzGuardedAnswer gives any answer: a redirect is none, and of others no more
// is read than may be, however it comes.
func FuzzGuardedAnswer(f *testing.F) {
	f.Add(200, "", []byte("body"), int64(3))
	f.Add(200, "", []byte("body"), int64(4))
	f.Add(302, "https://example.com/\u202e", []byte("body"), int64(100))
	f.Add(307, "//\u0130:1", []byte(nil), int64(0))
	f.Add(399, "", []byte("x"), int64(0))
	f.Add(304, "https://u:p@example.com", []byte("xx"), int64(1))
	f.Fuzz(func(t *testing.T, status int, location string, body []byte, most int64) {
		most = min(max(most, 0), 1<<20)
		for _, chunk := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader,
		} {
			sent := &closing{Reader: chunk(bytes.NewReader(body))}
			g := Guard{MaxBody: most, Next: roundTrip(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Header: http.Header{"Location": {location}}, Body: sent, Request: r}, nil
			})}
			resp, err := g.RoundTrip(&http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "manage.office.com"}})
			if redirect := status/100 == 3 && status != 304; redirect != (err != nil) {
				t.Fatalf("HTTP %d gives %v", status, err)
			} else if redirect {
				if text := err.Error(); len(text) > 1000 || strings.ContainsFunc(text, isHidden) || !sent.closed {
					t.Errorf("error %q; closed: %v", text, sent.closed)
				}
				continue
			}
			got, err := io.ReadAll(resp.Body)
			fits := int64(len(body)) <= most
			if !bytes.Equal(got, body[:min(int64(len(body)), most)]) || fits != (err == nil) || !fits && err != ErrBodyTooLarge {
				t.Fatalf("%d of %d bytes were read, of which may be %d: %v", len(got), len(body), most, err)
			}
			if n, err := resp.Body.Read(make([]byte, 1)); n > 0 || !fits && err != ErrBodyTooLarge || fits && err != io.EOF {
				t.Errorf("%d bytes behind the end, %v", n, err)
			}
		}
	})
}

// closing is a body that knows whether it was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}
