package host_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
)

// The plugin, and one with a bug (plugin/fault.go), each built at most once.
var (
	plugin = sync.OnceValues(func() (string, error) { return host.BuildPlugin(dir) })
	faulty = sync.OnceValues(func() (string, error) { return host.BuildPlugin(dir, "o365fault") })
)

// world is a simulated Microsoft 365 and what one delivery of it needs.
type world struct {
	*rig.Service
	t     *testing.T
	so    string
	db    string
	store string
}

func simulate(t *testing.T, opt cloud.Options) *world {
	t.Helper()
	so, err := plugin()
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	service, err := rig.StartService(tmp, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Down)
	return &world{Service: service, t: t, so: so, db: filepath.Join(tmp, "db"), store: filepath.Join(tmp, "store")}
}

// input is the command line of one input. The properties replace or join those
// that every input needs.
func (w *world) input(db string, properties ...string) []string {
	all := w.Options().With(rig.Options{"db": w.db + db, "batch_size": "64k"})
	for _, p := range properties {
		key, value, _ := strings.Cut(p, "=")
		all[key] = value
	}
	return append([]string{"-i", "o365"}, all.Args()...)
}

// start runs the host with the plugin. Its seconds are shorter, except for the
// callback's.
func (w *world) start(bin string, args ...string) *rig.Captured {
	w.t.Helper()
	all := append([]string{"-e", w.so, "-store", w.store, "-drain-ms", "50", "-flush-ms", "200", "-grace-ms", "300"}, args...)
	p, err := rig.StartCaptured(bin, nil, all...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		p.Kill()
		if w.t.Failed() {
			w.t.Logf("log:\n%s", p.Log())
		}
	})
	return p
}

func (w *world) report() cloud.Report {
	w.t.Helper()
	f, err := os.Open(w.store)
	if errors.Is(err, os.ErrNotExist) {
		return cloud.Report{Lost: 1}
	}
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	r, err := w.CheckLines(f, cloud.CheckOptions{Dedup: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// wait waits until nothing is missing any more.
func (w *world) wait(limit time.Duration) {
	w.t.Helper()
	deadline := time.Now().Add(limit)
	for w.report().Lost > 0 {
		if time.Now().After(deadline) {
			w.t.Fatalf("after %v: %v", limit, w.report())
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// stored waits until so many records are stored.
func (w *world) stored(records int) {
	w.t.Helper()
	for range 1000 {
		text, _ := os.ReadFile(w.store)
		if strings.Count(string(text), "\n") >= records {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Fatalf("never %d records stored", records)
}

// exact fails unless everything came once and as it was.
func (w *world) exact() {
	w.t.Helper()
	if r := w.report(); !r.OK() {
		w.t.Errorf("%v", r)
	}
}
