package host_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

// The plugin, and one with a bug (plugin/fault.go), each built at most once.
var (
	plugin = sync.OnceValues(func() (string, error) { return host.BuildPlugin(dir) })
	faulty = sync.OnceValues(func() (string, error) { return host.BuildPlugin(dir, "o365fault") })
)

// simulation is a simulated Microsoft 365 and the files of one delivery of it.
type simulation struct {
	*rig.Service
	t     *testing.T
	so    string
	db    string
	store string
}

func simulate(t *testing.T, opt api.Options) *simulation {
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
	return &simulation{Service: service, t: t, so: so, db: filepath.Join(tmp, "db"), store: filepath.Join(tmp, "store")}
}

// input are the options of one input. The properties replace or join those that
// every input needs.
func (w *simulation) input(db string, properties ...string) rig.Options {
	all := w.Options().With(rig.Options{"db": w.db + db, "batch_size": "64k"})
	for _, p := range properties {
		key, value, _ := strings.Cut(p, "=")
		all[key] = value
	}
	return all
}

// args is the command line of one input.
func (w *simulation) args(db string, properties ...string) []string {
	return append([]string{"-i", "o365"}, w.input(db, properties...).Args()...)
}

// start runs the host with the plugin. Its seconds are shorter, except for the
// callback's.
func (w *simulation) start(bin string, args ...string) *rig.Process {
	w.t.Helper()
	return start(w.t, exec.Command(bin, append([]string{"-e", w.so, "-store", w.store, "-drain-ms", "50", "-flush-ms", "200", "-grace-ms", "300"}, args...)...))
}

func (w *simulation) report() check.Report {
	w.t.Helper()
	f, err := os.Open(w.store)
	if errors.Is(err, os.ErrNotExist) {
		return check.Report{Lost: 1}
	}
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	r, err := w.CheckLines(f, check.Options{Dedup: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// wait waits until nothing is missing any more.
func (w *simulation) wait(limit time.Duration) {
	w.t.Helper()
	if !rig.Within(limit, func() bool { return w.report().Lost == 0 }) {
		w.t.Fatalf("after %v: %v", limit, w.report())
	}
}

// stored waits until so many records are stored.
func (w *simulation) stored(records int) {
	w.t.Helper()
	stored := rig.Within(10*time.Second, func() bool {
		text, _ := os.ReadFile(w.store)
		return strings.Count(string(text), "\n") >= records
	})
	if !stored {
		w.t.Fatalf("never %d records stored", records)
	}
}

// exact fails unless everything came once and as it was.
func (w *simulation) exact() {
	w.t.Helper()
	if r := w.report(); !r.OK() {
		w.t.Errorf("%v", r)
	}
}
