// Package rig has what every test and tool needs that runs the plugin from end
// to end: a simulated Microsoft 365 on a loopback port, the program that loads
// the plugin, a wrapper of its process, and free ports.
package rig

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
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// The one application that the service knows.
const (
	ClientID     = "22222222-3333-4444-8555-666666666666"
	ClientSecret = "simulated-secret"
)

// Service is a simulated Microsoft 365 on a loopback port: the Management
// Activity API and, at the same address, the login service. It keeps its address
// while it is down.
type Service struct {
	*cloud.Cloud
	Login *login.Service
	CA    string // file with the root certificate

	handler http.Handler
	http1   bool
	server  *httptest.Server // nil while it is down
	address string
}

// StartService starts a service. Its application has all permissions in every
// tenant. The root certificate is written to dir.
func StartService(dir string, opt cloud.Options) (*Service, error) {
	s := &Service{Login: login.New(login.Options{Seed: opt.Seed}), CA: filepath.Join(dir, "ca.pem"), address: "127.0.0.1:0"}
	tenants := opt.Tenants
	if len(tenants) == 0 {
		tenants = []string{cloud.DefaultTenant}
	}
	s.Login.AddApp(login.App{ClientID: ClientID, Secret: ClientSecret}, tenants...)
	opt.Verify = func(bearer string) (string, []string, error) {
		claims, err := s.Login.Verify(bearer)
		if err == nil && claims.Audience != s.URL() {
			err = fmt.Errorf("token for %s", claims.Audience)
		}
		return claims.TenantID, claims.Roles, err
	}
	s.Cloud = cloud.New(opt)
	mux := http.NewServeMux()
	mux.Handle("/", s.Login)
	mux.Handle("/api/", s.Cloud)
	s.handler = mux
	if err := s.Up(); err != nil {
		return nil, err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.server.Certificate().Raw})
	return s, os.WriteFile(s.CA, certificate, 0o600)
}

// URL is the root of API and login service.
func (s *Service) URL() string { return "https://" + s.address }

// Up makes the service reachable, at the address it had before if it had one.
func (s *Service) Up() error {
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		return err
	}
	s.address = listener.Addr().String()
	s.server = httptest.NewUnstartedServer(s.handler)
	_ = s.server.Listener.Close()
	s.server.Listener = listener
	s.server.EnableHTTP2 = !s.http1
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections end when the plugin does
	s.server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	s.server.StartTLS()
	return nil
}

// Down makes the service unreachable: connections end, and new ones are refused.
func (s *Service) Down() {
	if s.server == nil {
		return
	}
	s.server.CloseClientConnections()
	s.server.Close()
	s.server = nil
}

// SpeakHTTP1 makes the service one without HTTP/2, whose resets and cut bodies
// are those of TCP. Its address changes.
func (s *Service) SpeakHTTP1() error {
	s.Down()
	s.http1 = true
	s.address = "127.0.0.1:0" // the other port may be somebody else's by now
	return s.Up()
}

// Options are those of an input that collects everything from the service, and
// polls as often as it may.
func (s *Service) Options() Options {
	return Options{
		"tenant_id":      cloud.DefaultTenant,
		"client_id":      ClientID,
		"client_secret":  ClientSecret,
		"endpoint":       s.URL(),
		"authority_host": s.URL(),
		"ca_file":        s.CA,
		"content_types":  strings.Join(cloud.ContentTypes(), ","),
		"poll_interval":  "10s",
	}
}
