package identity

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

const (
	systemID   = "55555555-5555-4555-8555-555555555555"
	assignedID = "66666666-6666-4666-8666-666666666666"
)

// newMachine is a directory whose machine has two identities.
func newMachine(t *testing.T) *directory {
	t.Helper()
	d := newDirectory(t, login.App{})
	d.AddIdentity(login.Identity{TenantID: tenantID, ClientID: systemID, System: true})
	d.AddIdentity(login.Identity{TenantID: tenantID, ClientID: assignedID})
	return d
}

// metadata leads a client to the service where IMDS would be, and any proxy to
// nowhere: the proxy is not for the machine's own network.
func metadata(t *testing.T, d *directory) *http.Client {
	t.Helper()
	plain := httptest.NewServer(d)
	t.Cleanup(plain.Close)
	return &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.invalid:3128"}),
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address != "169.254.169.254:80" {
				return nil, errors.New("dialled " + address)
			}
			return (&net.Dialer{}).DialContext(ctx, network, plain.Listener.Addr().String())
		},
	}}
}

func TestManagedIdentity(t *testing.T) {
	tests := []struct {
		name, client, want string
		appService         bool
	}{
		{"App Service, system-assigned", "", systemID, true},
		{"App Service, user-assigned", assignedID, assignedID, true},
		{"virtual machine, system-assigned", "", systemID, false},
		{"virtual machine, user-assigned", assignedID, assignedID, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			noEnvironment(t)
			d := newMachine(t)
			s := d.settings()
			s.Method, s.ClientID = ManagedIdentity, tt.client
			if tt.appService {
				t.Setenv("IDENTITY_ENDPOINT", d.server.URL+login.AppServicePath)
				t.Setenv("IDENTITY_HEADER", d.IdentityHeader())
			} else {
				s.HTTP = metadata(t, d)
			}
			source := open(t, s)
			token := d.check(t, source)
			if claims, _ := d.Verify(token); claims.ClientID != tt.want {
				t.Errorf("identity %s, want %s", claims.ClientID, tt.want)
			}
			if d.check(t, source) != token {
				t.Error("the token is not kept")
			}
			source.Reject(token)
			if d.check(t, source) == token {
				t.Error("MSAL's own cache gave the rejected token again")
			}
			requests := login.Counts{Identity: 2}
			if !tt.appService {
				requests.Identity++ // one probe, before the first token
			}
			if n := d.Requests(); n != requests {
				t.Errorf("requests %+v, want %+v", n, requests)
			}
		})
	}
}

func TestManagedIdentityRefused(t *testing.T) {
	const assign = " (assign a managed identity to this machine, and name a user-assigned one in client_id)"
	t.Run("App Service", func(t *testing.T) {
		noEnvironment(t)
		d := newMachine(t)
		t.Setenv("IDENTITY_ENDPOINT", d.server.URL+login.AppServicePath)
		t.Setenv("IDENTITY_HEADER", d.IdentityHeader())
		s := d.settings()
		s.Method = ManagedIdentity // with the client id of an app, which is no identity
		e := fail(t, s)
		if want := strings.TrimPrefix(d.server.URL, "https://") + ": HTTP 400: Identity not found" + assign; e.Error() != want || !e.Configuration() {
			t.Errorf("error\n%s\nwant\n%s", e, want)
		}
	})
	t.Run("virtual machine", func(t *testing.T) {
		noEnvironment(t)
		d := newDirectory(t, login.App{}) // without identities
		s := d.settings()
		s.Method, s.ClientID, s.HTTP = ManagedIdentity, "", metadata(t, d)
		e := fail(t, s)
		if want := "169.254.169.254: HTTP 400: Identity not found" + assign; e.Error() != want || !e.Configuration() {
			t.Errorf("error\n%s\nwant\n%s", e, want)
		}
	})
}

func TestNoManagedIdentity(t *testing.T) {
	hang := roundTrip(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	const none = "no managed identity endpoint answers at 169.254.169.254 "
	const auto = "(auth is auto and no secret or certificate is set, or a variable in it is empty: set client_secret, client_secret_file or certificate_file, or run where Azure provides a workload or managed identity)"
	tests := []struct {
		name          string
		method        Method
		want          string
		configuration bool
	}{
		{"by name", ManagedIdentity, none + "(run where Azure provides a managed identity, or choose another auth)", false},
		{"auto", Auto, none + auto, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := complete()
				s.Method, s.HTTP = tt.method, &http.Client{Transport: hang}
				begun := time.Now()
				e := fail(t, s)
				if took := time.Since(begun); took != probeTimeout {
					t.Errorf("took %v", took)
				}
				if e.Error() != tt.want || e.Configuration() != tt.configuration {
					t.Errorf("error %v, %s", e.Configuration(), e)
				}
			})
		})
	}
	t.Run("a login", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := complete()
			s.ClientSecret, s.HTTP = secret, &http.Client{Transport: hang}
			s.AuthorityHost, s.CustomAuthority = "https://login.example.com", true
			begun := time.Now()
			e := fail(t, s)
			if took := time.Since(begun); took != loginTimeout || e.Message != "login.example.com: no answer within 1m0s" {
				t.Errorf("%s after %v", e, took)
			}
		})
	})
	t.Run("cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			s := complete()
			s.HTTP = &http.Client{Transport: hang}
			if _, err := open(t, s).Token(ctx); !errors.Is(err, context.DeadlineExceeded) || err.Error() != "login: context deadline exceeded" {
				t.Errorf("error %v", err)
			}
		})
	})
}

func TestDirect(t *testing.T) {
	given := &http.Client{Timeout: time.Second, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConns: 7}}
	got := direct(given)
	transport := got.Transport.(*http.Transport)
	if transport.Proxy != nil || transport.MaxIdleConns != 7 || got.Timeout != time.Second {
		t.Errorf("direct = %+v", got)
	}
	if given.Transport.(*http.Transport).Proxy == nil {
		t.Error("the given client was changed")
	}
	if direct(nil).Transport.(*http.Transport).Proxy != nil {
		t.Error("a default client keeps its proxy")
	}
}
