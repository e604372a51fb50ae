package e2e

import (
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
)

// options are the keys of a configuration section.
type options = rig.Options

// service is a simulated Microsoft 365 for one test.
type service struct {
	*rig.Service
	t *testing.T
}

func newService(t *testing.T, opt cloud.Options) *service {
	t.Helper()
	s, err := rig.StartService(t.TempDir(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Down)
	return &service{s, t}
}

// up makes the service reachable again.
func (s *service) up() {
	s.t.Helper()
	if err := s.Up(); err != nil {
		s.t.Fatal(err)
	}
}

// speakHTTP1 makes the service one without HTTP/2.
func (s *service) speakHTTP1() {
	s.t.Helper()
	if err := s.SpeakHTTP1(); err != nil {
		s.t.Fatal(err)
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
