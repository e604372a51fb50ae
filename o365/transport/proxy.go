package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// environment is where net/http gets the proxy of https URLs from without the option.
const environment = "HTTPS_PROXY"

// A ProxyError is a request that a proxy did not let through, or that did not reach
// the proxy. Its text has no credentials.
type ProxyError struct {
	Proxy  string // scheme, host and port
	Option string // where the proxy is set
	Host   string // that was asked for
	Status int    // of the answer to CONNECT, 0 if there was none
	Err    error

	offers []string // the ways to authenticate that the answer names
	user   bool     // the URL of the proxy has a user
}

func (e *ProxyError) Error() string {
	text := strings.TrimPrefix(e.Err.Error(), "proxyconnect tcp: ")
	if errors.Is(e.Err, context.DeadlineExceeded) {
		text = "no answer in time"
	}
	return fmt.Sprintf("proxy %s: %s", e.Proxy, sanitize.Text(text, sanitize.MaxText))
}

// Unwrap returns the cause.
func (e *ProxyError) Unwrap() error { return e.Err }

// Configuration reports whether somebody has to act before a retry can work: the
// proxy answers, and refuses.
func (e *ProxyError) Configuration() bool {
	switch e.kind() {
	case proxyUnreachable, proxyFails:
		return false
	}
	return true
}

// Explain returns in plain words what is wrong and what to do about it, with the
// text of the error as the detail.
func (e *ProxyError) Explain() (what, do, detail string) {
	detail = e.Error()
	set := setting(e.Option)
	switch e.kind() {
	case proxyAuthenticates:
		what = "the proxy asks for a user and a password"
		if e.user {
			what = "the proxy refuses the user and the password"
		}
		return what, "put USER:PASSWORD, percent-encoded, into the URL in " + set, detail
	case proxyWithoutBasic:
		return "the proxy accepts no user and password (Basic authentication), only " + strings.Join(e.offers, " and "),
			"exempt this machine from authentication at the proxy, or name another one in " + set, detail
	case proxyUntrusted:
		return "the proxy's certificate is not trusted", "put its root certificate into ca_file, and check " + set, detail
	case proxyIsNone:
		return "what answers at the address of the proxy is not such a proxy", "check scheme and port of the URL in " + set + ": http, https, socks5 or socks5h", detail
	case proxyRefuses:
		return "the proxy refuses the connection", "let " + e.Host + " through at the proxy, or name another one in " + set, detail
	case proxyFails:
		return "the proxy can't reach the service",
			"check network and DNS of the proxy if it lasts, and " + set + "; it is tried again, and Microsoft keeps content for 7 days", detail
	default:
		return "the proxy can't be reached",
			"check " + set + " and whether the proxy runs; it is tried again, and Microsoft keeps content for 7 days", detail
	}
}

// proxyKind is a way in which a proxy fails.
type proxyKind int

const (
	proxyUnreachable proxyKind = iota
	proxyFails
	proxyRefuses
	proxyAuthenticates
	proxyWithoutBasic
	proxyUntrusted
	proxyIsNone
)

// socksTexts are the errors of net/http's SOCKS client, which has no types for them
// (socks_bundle.go).
var socksTexts = []struct {
	text string
	kind proxyKind
}{
	{"authentication", proxyAuthenticates}, // failed, or no acceptable methods
	{"username/password", proxyAuthenticates},
	{"not allowed by ruleset", proxyRefuses},
	{"unexpected protocol version", proxyIsNone},
	{"unknown error", proxyFails}, // host or network unreachable, connection refused
}

func (e *ProxyError) kind() proxyKind {
	var untrusted *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	var op *net.OpError
	switch {
	case e.Status == http.StatusProxyAuthRequired:
		if len(e.offers) > 0 && !slices.ContainsFunc(e.offers, func(s string) bool { return strings.EqualFold(s, "Basic") }) {
			return proxyWithoutBasic
		}
		return proxyAuthenticates
	case e.Status == http.StatusRequestTimeout, e.Status == http.StatusTooManyRequests, e.Status >= 500:
		return proxyFails
	case e.Status != 0:
		return proxyRefuses
	case errors.As(e.Err, &untrusted):
		return proxyUntrusted
	case errors.As(e.Err, &noTLS), strings.Contains(e.Err.Error(), "malformed HTTP"):
		return proxyIsNone
	case errors.As(e.Err, &op) && op.Op == "socks connect":
		for _, known := range socksTexts {
			if strings.Contains(op.Err.Error(), known.text) {
				return known.kind
			}
		}
	}
	return proxyUnreachable
}

// connectRefusal is an answer to CONNECT other than 200.
type connectRefusal struct {
	status int
	offers []string
}

func (e *connectRefusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", e.status, http.StatusText(e.status)))
}

// onConnectAnswer is http.Transport.OnProxyConnectResponse: net/http would keep the
// text of the status only.
func onConnectAnswer(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	e := &connectRefusal{status: answer.StatusCode}
	for _, challenge := range answer.Header.Values("Proxy-Authenticate") {
		scheme, _, _ := strings.Cut(strings.TrimSpace(challenge), " ")
		if scheme = sanitize.Text(strings.TrimSuffix(scheme, ","), 20); scheme != "" && len(e.offers) < 4 {
			e.offers = append(e.offers, scheme)
		}
	}
	return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: e}
}

// route is the way of one request, as far as it is known.
type route struct {
	mu          sync.Mutex
	proxy       *url.URL // nil: none
	option      string
	connections int  // TLS handshakes that have begun
	connected   bool // there is a connection to the host
	host        string
}

type routeKey struct{}

// recorded returns a function for http.Transport.Proxy that notes which proxy a
// request takes, and where that is set.
func recorded(choose func(*http.Request) (*url.URL, error), set string) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		u, err := choose(r)
		if way, ok := r.Context().Value(routeKey{}).(*route); ok && err == nil && u != nil {
			way.mu.Lock()
			way.proxy, way.option = u, set
			way.mu.Unlock()
		}
		return u, err
	}
}

// send is the RoundTrip of next. If next is the transport that connects, a failure of a
// proxy is a [ProxyError], and the answer knows its proxy: see [ProxyOf].
func send(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	if _, connects := next.(*http.Transport); !connects {
		return next.RoundTrip(r)
	}
	ctx, way := follow(r.Context())
	way.mu.Lock()
	way.host = r.URL.Host
	way.mu.Unlock()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeStart: func() { way.mu.Lock(); way.connections++; way.mu.Unlock() },
		GotConn:           func(httptrace.GotConnInfo) { way.mu.Lock(); way.connected = true; way.mu.Unlock() },
	})
	resp, err := next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, way.explain(err)
	}
	return resp, nil
}

// Follow returns a context for one request, and a function that makes a [ProxyError]
// of the request's error if that was a proxy's. Who sends it by a client with a
// timeout wants this: such a client keeps the text of an error only.
func Follow(ctx context.Context) (context.Context, func(error) error) {
	ctx, way := follow(ctx)
	return ctx, way.explain
}

func follow(ctx context.Context) (context.Context, *route) {
	if way, ok := ctx.Value(routeKey{}).(*route); ok {
		return ctx, way
	}
	way := &route{}
	return context.WithValue(ctx, routeKey{}, way), way
}

// explain returns a [ProxyError] if the request got no further than the proxy, and a
// [ViaError] if it got further, but had no answer in time.
func (way *route) explain(err error) error {
	explained := way.explainProxy(err)
	var timeout interface{ Timeout() bool }
	if explained == err && errors.As(err, &timeout) && timeout.Timeout() && !errors.As(err, new(*ProxyError)) && !errors.As(err, new(*ViaError)) {
		return way.via(err)
	}
	return explained
}

func (way *route) explainProxy(err error) error {
	way.mu.Lock()
	defer way.mu.Unlock()
	if way.proxy == nil || errors.As(err, new(*ProxyError)) || way.connected || errors.Is(err, context.Canceled) {
		return err
	}
	through := way.connections > 0 // the handshake with the host has begun
	if way.proxy.Scheme == "https" {
		through = way.connections > 1
	}
	if through && !closed(err) {
		return err
	}
	e := &ProxyError{Proxy: nameOf(way.proxy), Option: way.option, Host: sanitize.Text(way.host, sanitize.MaxText), Err: err, user: way.proxy.User != nil}
	var refusal *connectRefusal
	if errors.As(err, &refusal) {
		e.Status, e.offers = refusal.status, refusal.offers
	}
	return e
}

// closed reports whether the other end has closed the connection.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// nameOf returns the URL of a proxy without credentials, for messages.
func nameOf(proxy *url.URL) string {
	return sanitize.Text(proxy.Scheme+"://"+proxy.Host, sanitize.MaxText)
}

// checkEnvironment returns an error if the proxy of the environment has a user or a
// password that is not percent-encoded: net/http would ask for another host, or use
// no proxy, in silence.
func checkEnvironment(getenv func(string) string) error {
	for _, name := range []string{environment, strings.ToLower(environment)} {
		value := getenv(name)
		if value == "" {
			continue
		}
		if !strings.Contains(value, "://") {
			value = "http://" + value
		}
		if option.NeedsEncoding(value) {
			return fmt.Errorf("%s: %w", name, option.ErrNotEncoded)
		}
		return nil // the first that is set counts
	}
	return nil
}
