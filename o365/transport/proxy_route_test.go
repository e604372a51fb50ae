package transport

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
)

func TestCheckEnvironment(t *testing.T) {
	const sentence = "USER:PASSWORD in the URL is not percent-encoded"
	for _, tt := range []struct {
		name, upper, lower string
		want               string
	}{
		{"none", "", "", ""},
		{"without a user", "http://proxy.example:3128", "", ""},
		{"without a scheme", "proxy.example:3128", "", ""},
		{"encoded", "http://me:p%40ss@proxy.example:3128", "", ""},
		{"an @ that net/http takes", "http://me:p@ss@proxy.example:3128", "", ""},
		{"hash", "http://me:pa#ss@proxy.example:3128", "", "HTTPS_PROXY: " + sentence},
		{"percent", "http://me:100%@proxy.example:3128", "", "HTTPS_PROXY: " + sentence},
		{"domain", `http://DOMAIN\me:word@proxy.example:3128`, "", "HTTPS_PROXY: " + sentence},
		{"without a scheme, slash", "me:pa/ss@proxy.example:3128", "", "HTTPS_PROXY: " + sentence},
		{"lower case", "", "http://me:pa?ss@proxy.example:3128", "https_proxy: " + sentence},
		{"the first counts", "http://proxy.example", "http://me:pa?ss@proxy.example", ""},
	} {
		err := checkEnvironment(func(name string) string {
			return map[string]string{"HTTPS_PROXY": tt.upper, "https_proxy": tt.lower}[name]
		})
		if (err == nil) != (tt.want == "") || err != nil && (!strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "me:")) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// A failure is the proxy's as long as the request has got no further.
func TestWhoseFailure(t *testing.T) {
	refused := errors.New("refused")
	for _, tt := range []struct {
		proxy       string
		connections int // TLS handshakes that have begun
		connected   bool
		err         error
		proxys      bool
	}{
		{"", 0, false, refused, false},
		{"http://p:1", 0, false, refused, true},
		{"http://p:1", 1, false, refused, false}, // in the handshake with the host
		{"http://p:1", 1, false, io.EOF, true},   // unless it is closed: proxies do that
		{"http://p:1", 0, true, refused, false},  // by a connection of an earlier request
		{"http://p:1", 0, true, io.EOF, false},
		{"http://p:1", 0, false, context.Canceled, false},
		{"https://p:1", 1, false, refused, true}, // in the handshake with the proxy
		{"https://p:1", 2, false, refused, false},
		{"https://p:1", 2, false, io.EOF, true},
		{"socks5://p:1", 0, false, refused, true},
	} {
		way := &route{connections: tt.connections, connected: tt.connected, option: "proxy"}
		if tt.proxy != "" {
			way.proxy, _ = url.Parse(tt.proxy)
		}
		got := way.explain(tt.err)
		if errors.As(got, new(*ProxyError)) != tt.proxys || !errors.Is(got, tt.err) {
			t.Errorf("%+v: %v", tt, got)
		}
		if text := got.Error(); tt.proxys && text != "proxy "+tt.proxy+": "+tt.err.Error() {
			t.Errorf("%+v: %s", tt, text)
		}
		if tt.proxys && way.explain(got) != got {
			t.Errorf("%+v: explained twice", tt)
		}
	}
}

// What net/http puts before an error is not repeated.
func TestProxyErrorText(t *testing.T) {
	for err, want := range map[error]string{
		errors.New("proxyconnect tcp: dial tcp: refused"): "proxy http://p:1: dial tcp: refused",
		context.DeadlineExceeded:                          "proxy http://p:1: no answer in time",
	} {
		if got := (&ProxyError{Proxy: "http://p:1", Err: err}).Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
