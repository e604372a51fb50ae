package main

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

const (
	clientID     = "22222222-3333-4444-8555-666666666666"
	clientSecret = "simulated-secret"
	pollInterval = "10s"
)

// service is a simulated Microsoft 365 on a loopback port.
type service struct {
	*cloud.Cloud
	server  *httptest.Server
	ca      string // file with its root certificate
	backlog int    // blobs that are there from the beginning
	size    int    // records in a blob
}

// startService serves so many blobs of each content type.
func startService(dir string, blobs, records int) (*service, error) {
	directory := login.New(login.Options{Seed: 1})
	directory.AddApp(login.App{ClientID: clientID, Secret: clientSecret}, cloud.DefaultTenant)
	s := &service{
		ca:      filepath.Join(dir, "ca.pem"),
		backlog: blobs * len(cloud.ContentTypes()),
		size:    records,
	}
	s.Cloud = cloud.New(cloud.Options{
		Seed:       1,
		Blobs:      blobs,
		Records:    records,
		Duplicates: 1,
		Verify: func(bearer string) (string, []string, error) {
			claims, err := directory.Verify(bearer)
			if err == nil && claims.Audience != s.server.URL {
				err = fmt.Errorf("token for %s", claims.Audience)
			}
			return claims.TenantID, claims.Roles, err
		},
	})
	mux := http.NewServeMux()
	mux.Handle("/", directory)
	mux.Handle("/api/", s.Cloud)
	s.server = httptest.NewUnstartedServer(mux)
	s.server.EnableHTTP2 = true
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections end when the host does
	s.server.StartTLS()
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.server.Certificate().Raw})
	return s, os.WriteFile(s.ca, root, 0o600)
}

// produce makes a new blob of each content type.
func (s *service) produce() { s.Produce("", "", 1, s.size) }

// Close ends the service.
func (s *service) Close() {
	s.server.CloseClientConnections()
	s.server.Close()
}

func (s *service) String() string {
	return fmt.Sprintf("a simulated Microsoft 365 on %s has %s records of seven days in %d content blobs",
		s.server.URL, thousands(s.backlog*s.size), s.backlog)
}

// options are those of an input that collects everything there is.
func (s *service) options() [][2]string {
	return [][2]string{
		{"tenant_id", cloud.DefaultTenant},
		{"client_id", clientID},
		{"client_secret", clientSecret},
		{"endpoint", s.server.URL},
		{"authority_host", s.server.URL},
		{"ca_file", s.ca},
		{"content_types", strings.Join(cloud.ContentTypes(), ",")},
		{"poll_interval", pollInterval},
	}
}
