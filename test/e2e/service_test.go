package e2e

import (
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// options are the keys of a configuration section.
type options = rig.Options

// newService starts a service that ends with the test.
func newService(t *testing.T, opt api.Options) *rig.Service {
	t.Helper()
	s, err := rig.StartService(t.TempDir(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Down)
	return s
}

// must fails the test.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// known skips a test where the system does not report what a process uses.
func known[T any](t *testing.T, of func() (T, error)) T {
	t.Helper()
	v, err := of()
	if err != nil {
		t.Skip("what a process uses cannot be read here: ", err)
	}
	return v
}
