package transport

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// behind is a server with the name example.com that is reached through a proxy only.
type behind struct {
	server *httptest.Server
	proxy  *login.Proxy
	caFile string
	limit  time.Duration // of a request; short only where no answer is awaited
}

func newBehind(t *testing.T, secure bool) *behind {
	t.Helper()
	b := &behind{server: httptest.NewUnstartedServer(http.NotFoundHandler()), limit: time.Minute}
	b.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	b.server.StartTLS()
	t.Cleanup(b.server.Close)
	certificates := b.server.TLS.Certificates
	if !secure {
		certificates = nil
	}
	var err error
	if b.proxy, err = login.NewProxy(b.server.Listener.Addr().String(), certificates...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.proxy.Close)
	b.caFile = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.server.Certificate().Raw})
	if err := os.WriteFile(b.caFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

// get asks for https://example.com/ through the proxy in the option, in the way of
// the login (guard) or of the API (trace).
func (b *behind) get(t *testing.T, proxy, caFile string, api bool) (*http.Response, error) {
	t.Helper()
	base, err := New(Options{Proxy: option.Secret(proxy), CAFile: caFile, Requests: 1, Tenants: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(base.CloseIdleConnections)
	c := Guard{MaxBody: 1}.Client(&http.Client{Transport: base, Timeout: b.limit})
	if api {
		c.Transport = Trace{Next: base, Logf: func(string, ...any) {}}
	}
	ctx, explain := Follow(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		return nil, explain(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp, nil
}

// Reports: azure-cli#14812, #25126. However a proxy refuses, the message names the
// proxy and the option, and says whether somebody has to act.
func TestProxyRefusals(t *testing.T) {
	const (
		set   = "the option proxy"
		later = "; it is tried again, and Microsoft keeps content for 7 days"
		enter = "put USER:PASSWORD, percent-encoded, into the URL in " + set
		let   = "let example.com through at the proxy, or name another one in " + set
		kind  = "check scheme and port of the URL in " + set + ": http, https, socks5 or socks5h"
		way   = "check network and DNS of the proxy if it lasts, and " + set + later
		runs  = "check " + set + " and whether the proxy runs" + later

		asks, denied, none    = "the proxy asks for a user and a password", "the proxy refuses the user and the password", "what answers at the address of the proxy is not such a proxy"
		refuses, fails, reach = "the proxy refuses the connection", "the proxy can't reach the service", "the proxy can't be reached"
	)
	for _, tt := range []struct {
		name, url     string // HOST is the proxy's address
		fault         login.ProxyFault
		required      bool
		what, do      string
		detail        string // end of it, behind the name of the proxy
		configuration bool
	}{
		{"407", "http://HOST", login.ProxyFault{}, true, asks, enter, "HTTP 407 Proxy Authentication Required", true},
		{"407 with a user", "http://me:wrong-word@HOST", login.ProxyFault{}, true, denied, enter, "HTTP 407 Proxy Authentication Required", true},
		{"407 without a challenge", "http://HOST", login.ProxyFault{Status: 407}, false, asks, enter, "HTTP 407 Proxy Authentication Required", true},
		{"407 for Kerberos", "http://me:my-word@HOST", login.ProxyFault{Status: 407, Challenges: []string{"Negotiate", "NTLM"}}, false,
			"the proxy accepts no user and password (Basic authentication), only Negotiate and NTLM", "exempt this machine from authentication at the proxy, or name another one in " + set, "HTTP 407 Proxy Authentication Required", true},
		{"407 for Kerberos or Basic", "http://HOST", login.ProxyFault{Status: 407, Challenges: []string{"Negotiate", `basic realm="x"`}}, false, asks, enter, "HTTP 407 Proxy Authentication Required", true},
		{"403", "http://me:my-word@HOST", login.ProxyFault{Status: 403}, false, refuses, let, "HTTP 403 Forbidden", true},
		{"405, no proxy", "http://HOST", login.ProxyFault{Status: 405}, false, refuses, let, "HTTP 405 Method Not Allowed", true},
		{"408", "http://HOST", login.ProxyFault{Status: 408}, false, fails, way, "HTTP 408 Request Timeout", false},
		{"500", "http://HOST", login.ProxyFault{Status: 500}, false, fails, way, "HTTP 500 Internal Server Error", false},
		{"429", "http://HOST", login.ProxyFault{Status: 429}, false, fails, way, "HTTP 429 Too Many Requests", false},
		{"502", "http://HOST", login.ProxyFault{Status: 502}, false, fails, way, "HTTP 502 Bad Gateway", false},
		{"503", "http://HOST", login.ProxyFault{Status: 503}, false, fails, way, "HTTP 503 Service Unavailable", false},
		{"unknown status", "http://HOST", login.ProxyFault{Status: 599}, false, fails, way, "HTTP 599", false},
		{"closes at once", "http://HOST", login.ProxyFault{Drop: true}, false, reach, runs, "", false},
		{"closes the tunnel", "http://HOST", login.ProxyFault{DropTunnel: true}, false, reach, runs, "", false},
		{"never answers", "http://HOST", login.ProxyFault{Hang: true}, false, reach, runs, "no answer in time", false},
		{"another protocol", "http://HOST", login.ProxyFault{Text: "SSH-2.0-made-up\r\n"}, false, none, kind, `malformed HTTP response "SSH-2.0-made-up"`, true},
		{"https, but it is not", "https://HOST", login.ProxyFault{Text: "HTTP/1.1 400 Bad Request\r\n\r\n"}, false, none, kind, "tls: first record does not look like a TLS handshake", true},
		{"socks5, but it is HTTP", "socks5://HOST", login.ProxyFault{Text: "HTTP/1.1 400 Bad Request\r\n\r\n"}, false, none, kind, "unexpected protocol version 72", true},
		{"socks5 asks for a user", "socks5://HOST", login.ProxyFault{}, true, asks, enter, "no acceptable authentication methods", true},
		{"socks5h refuses the user", "socks5h://me:wrong-word@HOST", login.ProxyFault{}, true, denied, enter, "username/password authentication failed", true},
		{"socks5 forbids", "socks5://HOST", login.ProxyFault{Reply: 2}, false, refuses, let, "connection not allowed by ruleset", true},
		{"socks5h finds no host", "socks5h://HOST", login.ProxyFault{Reply: 4}, false, fails, way, "host unreachable", false},
		{"socks5 is refused", "socks5://HOST", login.ProxyFault{Reply: 5}, false, fails, way, "connection refused", false},
		{"socks5 closes at once", "socks5://HOST", login.ProxyFault{Drop: true}, false, reach, runs, "", false},
		{"socks5h never answers", "socks5h://HOST", login.ProxyFault{Hang: true}, false, reach, runs, "no answer in time", false},
		{"nobody there", "http://me:my-word@GONE", login.ProxyFault{}, false, reach, runs, "connection refused", false},
		{"nobody there, https", "https://GONE", login.ProxyFault{}, false, reach, runs, "connection refused", false},
		{"nobody there, socks5h", "socks5h://me:my-word@GONE", login.ProxyFault{}, false, reach, runs, "connection refused", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBehind(t, false)
			b.proxy.Fail(tt.fault)
			if tt.fault.Hang {
				b.limit = 200 * time.Millisecond
			}
			if tt.required {
				b.proxy.Require("me", "my-word")
			}
			address := strings.NewReplacer("HOST", b.proxy.Address(), "GONE", gone(t)).Replace(tt.url)
			for _, api := range []bool{false, true} {
				_, err := b.get(t, address, b.caFile, api)
				var e *ProxyError
				if !errors.As(err, &e) {
					t.Fatalf("got %v, no *ProxyError", err)
				}
				what, do, detail := e.Explain()
				shown, _ := url.Parse(address)
				if what != tt.what || do != tt.do || e.Configuration() != tt.configuration {
					t.Errorf("got %s\n%s\n%v\nwant %s\n%s\n%v", what, do, e.Configuration(), tt.what, tt.do, tt.configuration)
				}
				if !strings.HasPrefix(detail, "proxy "+shown.Scheme+"://"+shown.Host+": ") || !strings.HasSuffix(detail, tt.detail) {
					t.Errorf("detail %s", detail)
				}
				for _, hidden := range []string{"my-word", "wrong-word", "me:"} {
					if strings.Contains(err.Error()+detail, hidden) {
						t.Errorf("the credentials are in %v", err)
					}
				}
			}
		})
	}
}

// gone is an address at which nobody listens.
func gone(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Through proxies of every scheme, with and without a user.
func TestProxySchemes(t *testing.T) {
	for _, scheme := range []string{"http", "https", "socks5", "socks5h"} {
		for _, user := range []string{"", "me:p%40s%2Fs%23%25@"} {
			t.Run(scheme+" "+strings.TrimRight(user, "@%2345FSps"), func(t *testing.T) {
				b := newBehind(t, scheme == "https")
				if user != "" {
					b.proxy.Require("me", "p@s/s#%")
				}
				for _, api := range []bool{false, true} {
					resp, err := b.get(t, scheme+"://"+user+b.proxy.Address(), b.caFile, api)
					if err != nil {
						t.Fatal(err)
					}
					if name, set := ProxyOf(resp); name != scheme+"://"+b.proxy.Address() || set != "proxy" || resp.StatusCode != 404 {
						t.Errorf("%s through %s, set in %s", resp.Status, name, set)
					}
				}
				if got := b.proxy.Asked(); len(got) != 2 || got[0] != "example.com:443" {
					t.Errorf("the proxy was asked for %q", got)
				}
			})
		}
	}
}

// The certificate of a proxy is one thing, that of the host behind it another.
func TestProxyCertificates(t *testing.T) {
	secure, plain := newBehind(t, true), newBehind(t, false)
	_, err := secure.get(t, "https://"+secure.proxy.Address(), "", false)
	var e *ProxyError
	if !errors.As(err, &e) || !e.Configuration() {
		t.Fatalf("got %v", err)
	}
	if what, do, _ := e.Explain(); what != "the proxy's certificate is not trusted" || do != "put its root certificate into ca_file, and check the option proxy" {
		t.Errorf("%s: %s", what, do)
	}
	if _, err := plain.get(t, "http://"+plain.proxy.Address(), "", false); err == nil || errors.As(err, &e) {
		t.Errorf("the host's certificate: %v", err)
	}
}

// A request that somebody breaks off says nothing about the proxy, and one without a
// proxy nothing at all.
func TestNoProxyError(t *testing.T) {
	b := newBehind(t, false)
	b.proxy.Fail(login.ProxyFault{Hang: true})
	base, err := New(Options{Proxy: option.Secret("http://" + b.proxy.Address()), Requests: 1, Tenants: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	var e *ProxyError
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "https://example.com/", nil)
	if _, err := (Trace{Next: base, Logf: func(string, ...any) {}}).RoundTrip(r); !errors.Is(err, context.Canceled) || errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
	base.Proxy = nil
	r = httptest.NewRequest(http.MethodGet, "https://"+gone(t)+"/", nil)
	if _, err := (Guard{Next: base}).RoundTrip(r); err == nil || errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
	if name, set := ProxyOf(&http.Response{Request: r}); name+set != "" {
		t.Errorf("through %s, set in %s", name, set)
	}
	if name, set := ProxyOf(nil); name+set != "" {
		t.Errorf("through %s, set in %s", name, set)
	}
}

// A proxy of the environment is named as such.
func TestProxyOfTheEnvironment(t *testing.T) {
	b := newBehind(t, false)
	b.proxy.Fail(login.ProxyFault{Status: 407})
	base, err := New(Options{CAFile: b.caFile, Requests: 1, Tenants: 1})
	if err != nil {
		t.Fatal(err)
	}
	// net/http reads the environment once, whenever that was.
	base.Proxy = recorded(http.ProxyURL(&url.URL{Scheme: "http", Host: b.proxy.Address()}), environment)
	_, err = Guard{Next: base}.RoundTrip(httptest.NewRequest(http.MethodGet, "https://example.com/", nil))
	var e *ProxyError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	if _, do, _ := e.Explain(); do != "put USER:PASSWORD, percent-encoded, into the URL in the environment variable HTTPS_PROXY" {
		t.Error(do)
	}
}
