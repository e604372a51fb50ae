package e2e

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

const (
	clientID     = "22222222-3333-4444-8555-666666666666"
	clientSecret = "simulated-secret"
)

// service is a simulated Microsoft 365 on a loopback port.
type service struct {
	*cloud.Cloud
	t       *testing.T
	login   *login.Service
	handler http.Handler
	http1   bool
	server  *httptest.Server
	address string // which stays the same
	ca      string // file
}

// newService starts a service with the options. Its login knows one
// application, with both permissions of the API.
func newService(t *testing.T, opt cloud.Options) *service {
	t.Helper()
	s := &service{t: t, login: login.New(login.Options{Seed: opt.Seed}), address: "127.0.0.1:0"}
	tenants := opt.Tenants
	if len(tenants) == 0 {
		tenants = []string{cloud.DefaultTenant}
	}
	s.login.AddApp(login.App{ClientID: clientID, Secret: clientSecret}, tenants...)
	opt.Verify = func(bearer string) (string, []string, error) {
		claims, err := s.login.Verify(bearer)
		if err == nil && claims.Audience != s.root() {
			err = fmt.Errorf("token for %s", claims.Audience)
		}
		return claims.TenantID, claims.Roles, err
	}
	s.Cloud = cloud.New(opt)
	mux := http.NewServeMux()
	mux.Handle("/", s.login)
	mux.Handle("/api/", s.Cloud)
	s.handler = mux
	s.up()
	t.Cleanup(s.down)
	s.ca = filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.server.Certificate().Raw})
	if err := os.WriteFile(s.ca, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// speakHTTP1 makes the service one without HTTP 2, whose resets and cut bodies
// are those of TCP.
func (s *service) speakHTTP1() {
	s.down()
	s.http1 = true
	s.address = "127.0.0.1:0" // the other port may be somebody else's by now
	s.up()
}

func (s *service) root() string { return "https://" + s.address }

// up makes the service reachable, at the address it had before if it had one.
func (s *service) up() {
	s.t.Helper()
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.address = listener.Addr().String()
	s.server = httptest.NewUnstartedServer(s.handler)
	_ = s.server.Listener.Close()
	s.server.Listener = listener
	s.server.EnableHTTP2 = !s.http1
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	s.server.StartTLS()
}

// down makes the service unreachable: connections are refused.
func (s *service) down() {
	if s.server == nil {
		return
	}
	s.server.CloseClientConnections()
	s.server.Close()
	s.server = nil
}

// options are those of an input that collects everything from the service.
func (s *service) options() options {
	return options{
		"tenant_id":      cloud.DefaultTenant,
		"client_id":      clientID,
		"client_secret":  clientSecret,
		"endpoint":       s.root(),
		"authority_host": s.root(),
		"ca_file":        s.ca,
		"content_types":  "Audit.AzureActiveDirectory,Audit.Exchange,Audit.SharePoint,Audit.General,DLP.All",
		"tag_prefix":     "o365",
		"poll_interval":  "10s",
	}
}

// within polls until done, and reports whether that was in time.
func within(limit time.Duration, done func() bool) bool {
	for deadline := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		if done() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}
