package server

import (
	"path/filepath"
	"testing"
)

// The service keeps its address over a time without it, and changes the protocol.
func TestUpAndDown(t *testing.T) {
	s, err := Start(Options{CAFile: filepath.Join(t.TempDir(), "ca.pem")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Down()
	client, err := Client(s.Settings()["ca_file"])
	if err != nil {
		t.Fatal(err)
	}
	answers := func() (major int) {
		resp, err := client.Get(s.URL() + "/_sim/account")
		if err != nil {
			return 0
		}
		defer resp.Body.Close()
		return resp.ProtoMajor
	}
	root := s.URL()
	if got := answers(); got != 2 {
		t.Errorf("HTTP/%d, want 2", got)
	}
	s.Down()
	s.Down()
	if got := answers(); got != 0 {
		t.Errorf("HTTP/%d while it is down", got)
	}
	if err := s.Up(); err != nil || s.URL() != root {
		t.Fatalf("%v, %s, want %s", err, s.URL(), root)
	}
	if got := answers(); got != 2 {
		t.Errorf("HTTP/%d, want 2", got)
	}
	if err := s.SpeakHTTP1(); err != nil {
		t.Fatal(err)
	}
	if got := answers(); got != 1 {
		t.Errorf("HTTP/%d, want 1", got)
	}
}
