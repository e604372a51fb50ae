package login_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

func TestSimulatedProxy(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	start := func(t *testing.T, certificates ...tls.Certificate) *login.Proxy {
		t.Helper()
		p, err := login.NewProxy(server.Listener.Addr().String(), certificates...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		return p
	}
	get := func(p *login.Proxy, scheme string, user *url.Userinfo, limit time.Duration) error {
		transport := server.Client().Transport.(*http.Transport).Clone()
		defer transport.CloseIdleConnections()
		transport.Proxy = http.ProxyURL(&url.URL{Scheme: scheme, Host: p.Address(), User: user})
		resp, err := (&http.Client{Transport: transport, Timeout: limit}).Get("https://example.com/")
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	me := url.UserPassword("me", "made-up")
	for _, tt := range []struct {
		name     string
		scheme   string
		fault    login.ProxyFault
		required bool
		user     *url.Userinfo
		want     string // in the error, "" if there is none
	}{
		{"HTTP", "http", login.ProxyFault{}, false, nil, ""},
		{"SOCKS5", "socks5", login.ProxyFault{}, false, nil, ""},
		{"SOCKS5, names to the proxy", "socks5h", login.ProxyFault{}, false, nil, ""},
		{"HTTP with a user", "http", login.ProxyFault{}, true, me, ""},
		{"SOCKS5 with a user", "socks5", login.ProxyFault{}, true, me, ""},
		{"HTTP without the user", "http", login.ProxyFault{}, true, nil, "Proxy Authentication Required"},
		{"SOCKS5 without the user", "socks5", login.ProxyFault{}, true, nil, "no acceptable authentication methods"},
		{"SOCKS5 with another user", "socks5", login.ProxyFault{}, true, url.UserPassword("me", "x"), "username/password authentication failed"},
		{"status", "http", login.ProxyFault{Status: 502}, false, nil, "Bad Gateway"},
		{"reply", "socks5", login.ProxyFault{Reply: 2}, false, nil, "not allowed by ruleset"},
		{"drop", "http", login.ProxyFault{Drop: true}, false, nil, "Get"},
		{"drop of the tunnel", "http", login.ProxyFault{DropTunnel: true}, false, nil, "Get"},
		{"text", "http", login.ProxyFault{Text: "SSH-2.0\r\n"}, false, nil, "malformed HTTP response"},
		{"hang", "http", login.ProxyFault{Hang: true}, false, nil, "Timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t)
			p.Fail(tt.fault)
			if tt.required {
				p.Require("me", "made-up")
			}
			limit := time.Minute
			if tt.fault.Hang {
				limit = 50 * time.Millisecond
			}
			err := get(p, tt.scheme, tt.user, limit)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
			if err == nil && !slices.Equal(p.Asked(), []string{"example.com:443"}) {
				t.Errorf("asked for %q", p.Asked())
			}
		})
	}
	t.Run("with TLS", func(t *testing.T) {
		if err := get(start(t, server.TLS.Certificates...), "https", nil, time.Minute); err != nil {
			t.Error(err)
		}
	})
	t.Run("closed", func(t *testing.T) {
		p := start(t)
		p.Close()
		if c, err := net.Dial("tcp", p.Address()); err == nil {
			c.Close()
			t.Error("it still listens")
		}
	})
}

// Answers with a status that have another body than Entra's.
func TestOtherBodies(t *testing.T) {
	s, _, server := start(t)
	ask := func(f login.Failure) (int, string, string) {
		t.Helper()
		s.FailNext(1, f)
		resp, err := server.Client().PostForm(server.URL+"/"+tenantID+"/oauth2/v2.0/token", form())
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Header.Get("Content-Type"), string(body)
	}
	for _, tt := range []struct {
		name    string
		failure login.Failure
		status  int
		kind    string
		body    string // its start
	}{
		{"web page", login.Failure{Page: true}, 200, "text/html", "<!DOCTYPE html>"},
		{"web page with a status", login.Failure{Page: true, Status: 403}, 403, "text/html", "<!DOCTYPE html>"},
		{"nothing", login.Failure{Empty: true}, 200, "", ""},
		{"nothing with a status", login.Failure{Empty: true, Status: 204}, 204, "", ""},
		{"text", login.Failure{Text: "[1]"}, 200, "application/json", "[1]"},
		{"an error with status 200", login.Failure{Code: 7000215, Status: 200}, 200, "application/json", `{"correlation_id"`},
		{"an error with a BOM", login.Failure{Code: 7000215, BOM: true}, 401, "application/json", "\ufeff{"},
		{"the right answer with a BOM", login.Failure{BOM: true}, 200, "application/json", "\ufeff{\"access_token\""},
	} {
		status, kind, body := ask(tt.failure)
		if status != tt.status || !strings.HasPrefix(kind, tt.kind) || !strings.HasPrefix(body, tt.body) || tt.body == "" && body != "" {
			t.Errorf("%s: %d %s %.60q", tt.name, status, kind, body)
		}
	}
}
