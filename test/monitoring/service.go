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
	"sync/atomic"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

const (
	clientID     = "22222222-3333-4444-8555-666666666666"
	clientSecret = "simulated-secret"
	quota        = 300 // requests a minute
)

// service is a simulated Microsoft 365 on a loopback port.
type service struct {
	*cloud.Cloud
	*httptest.Server
	ca string // file with its root certificate
}

func startService(dir string) (*service, error) {
	directory := login.New(login.Options{Seed: 1})
	directory.AddApp(login.App{ClientID: clientID, Secret: clientSecret}, cloud.DefaultTenant)
	s := &service{ca: filepath.Join(dir, "ca.pem")}
	s.Cloud = cloud.New(cloud.Options{
		Seed: 1, Blobs: 168, Records: 60, Live: 4 * time.Second,
		Duplicates: 1, Late: 5, LateBy: 90 * time.Second,
		Quota: cloud.Quota{PerMinute: quota},
		Verify: func(bearer string) (string, []string, error) {
			claims, err := directory.Verify(bearer)
			if err == nil && claims.Audience != s.URL {
				err = fmt.Errorf("token for %s", claims.Audience)
			}
			return claims.TenantID, claims.Roles, err
		},
	})
	mux := http.NewServeMux()
	mux.Handle("/", directory)
	mux.Handle("/api/", s.Cloud)
	s.Server = httptest.NewUnstartedServer(mux)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return s, os.WriteFile(s.ca, root, 0o600)
}

// sink is the destination that Fluent Bit sends the records to.
type sink struct {
	*httptest.Server
	down atomic.Bool
}

func startSink() *sink {
	s := &sink{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if s.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	return s
}
