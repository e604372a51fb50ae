// Package server serves a simulated Microsoft 365 at one address, behind TLS: the
// login service (package login), the Management Activity API (package api) and, under
// a name of its own, a Key Vault (package vault), with a certificate authority of its
// own.
package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/vault"
)

// The application that the login service has unless Options name another.
const (
	ClientID     = "22222222-3333-4444-8555-666666666666"
	ClientSecret = "simulated-secret"
)

// Options describe a server.
type Options struct {
	API    api.Options // Verify is set by New
	Login  login.Options
	App    login.App // of every tenant; default ClientID and ClientSecret with all roles
	Listen string    // host:port; default a free port of the loopback interface
	CAFile string    // file that the certificate authority is written to
	HTTP1  bool      // without HTTP/2; resets and cut bodies are those of TCP then
}

// Server is the service, with the methods of the API. It keeps its address while
// it is down.
type Server struct {
	*api.Service
	Login *login.Service

	vault       *vault.Service
	opt         Options
	host        string // that clients use
	port        string
	handler     http.Handler
	certificate tls.Certificate

	http   *http.Server // nil while it is down
	cancel func()       // ends the requests under way
}

// Start starts a server. It fails if the address cannot be listened on, or the
// certificate authority cannot be written.
func Start(opt Options) (*Server, error) {
	s, err := New(opt)
	if err != nil {
		return nil, err
	}
	return s, s.Up()
}

// New returns a server that is down: until Up, it is reached by Transport only.
func New(opt Options) (*Server, error) {
	if opt.Listen == "" {
		opt.Listen = "127.0.0.1:0"
	}
	if opt.App.ClientID == "" {
		opt.App = login.App{ClientID: ClientID, Secret: ClientSecret}
	}
	if len(opt.API.Tenants) == 0 {
		opt.API.Tenants = []string{api.DefaultTenant}
	}
	if len(opt.API.Types) == 0 {
		opt.API.Types = api.ContentTypes()
	}
	var err error
	if opt.CAFile, err = filepath.Abs(opt.CAFile); err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(opt.Listen)
	if err != nil {
		return nil, err
	}
	s := &Server{Login: login.New(opt.Login), opt: opt, host: host, port: port}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		s.host = "localhost"
	}
	s.Login.AddApp(opt.App, opt.API.Tenants...)
	opt.API.Verify = s.verify
	s.Service = api.New(opt.API)
	s.vault = s.newVault()
	s.handler = s.atVault(s.route())
	return s, nil
}

// Transport reaches the server without a network, whether it is up or down.
func (s *Server) Transport() http.RoundTripper { return api.InProcess(s.handler) }

// verify accepts tokens of the login service for this server.
func (s *Server) verify(bearer string) (tenant string, roles []string, err error) {
	claims, err := s.Login.Verify(bearer)
	if err == nil && strings.TrimRight(claims.Audience, "/") != s.URL() {
		err = fmt.Errorf("token for %s", claims.Audience)
	}
	return claims.TenantID, claims.Roles, err
}

// route gives the API its paths and the login service all others. Besides the
// controls of package api there are
//
//	POST /_sim/login/revoke          revokes all tokens issued so far
//	POST /_sim/login/secret?value=   the application's new secret
//	POST /_sim/vault/secret?value=   a new version of the secret in the vault
func (s *Server) route() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/", s.Service)
	mux.Handle("/_sim/", s.Service)
	mux.Handle("/", s.Login)
	mux.HandleFunc("POST /_sim/login/revoke", func(w http.ResponseWriter, _ *http.Request) {
		s.Login.RevokeAll()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_sim/login/secret", func(w http.ResponseWriter, r *http.Request) {
		s.Login.SetSecret(s.opt.App.ClientID, r.URL.Query().Get("value"))
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_sim/vault/secret", func(w http.ResponseWriter, r *http.Request) {
		s.vault.Put(vaultEntry, vault.Secret{Value: r.URL.Query().Get("value")})
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// URL is the root of API and login service.
func (s *Server) URL() string { return "https://" + net.JoinHostPort(s.host, s.port) }

// Up makes the service reachable, at the address it had before if it had one.
func (s *Server) Up() error {
	host, _, _ := net.SplitHostPort(s.opt.Listen)
	listener, err := net.Listen("tcp", net.JoinHostPort(host, s.port))
	if err != nil {
		return err
	}
	if _, s.port, err = net.SplitHostPort(listener.Addr().String()); err == nil && s.certificate.Certificate == nil {
		s.certificate, err = newCertificate(s.opt.CAFile, listener.Addr(), s.vault.Host())
	}
	if err != nil {
		_ = listener.Close()
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.http = &http.Server{
		Handler:           s.handler,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{s.certificate}},
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // connections end when the client does
		Protocols:         new(http.Protocols),
	}
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetHTTP2(!s.opt.HTTP1)
	go func(server *http.Server) { _ = server.ServeTLS(listener, "", "") }(s.http)
	return nil
}

// Down makes the service unreachable: connections end, and new ones are refused.
func (s *Server) Down() {
	if s.http == nil {
		return
	}
	s.cancel()
	_ = s.http.Close()
	s.http = nil
}

// Drain refuses new connections, and gives requests under way a moment to end,
// those that hang excepted. Down is called afterwards.
func (s *Server) Drain(limit time.Duration) {
	s.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	_ = s.http.Shutdown(ctx)
}

// SpeakHTTP1 makes the service one without HTTP/2. Its port changes, because
// another process may have the old one by now.
func (s *Server) SpeakHTTP1() error {
	s.Down()
	s.opt.HTTP1 = true
	s.port = "0"
	return s.Up()
}

// Settings are the options of a plugin input that collects everything from the
// service.
func (s *Server) Settings() map[string]string {
	return map[string]string{
		"tenant_id":      strings.Join(s.opt.API.Tenants, ","),
		"client_id":      s.opt.App.ClientID,
		"client_secret":  s.opt.App.Secret,
		"endpoint":       s.URL(),
		"authority_host": s.URL(),
		"ca_file":        s.opt.CAFile,
		"content_types":  strings.Join(s.opt.API.Types, ","),
	}
}
