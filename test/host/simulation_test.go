package host_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

// The plugin, and one with a bug (plugin/batch_source_faulty.go), each built at most once.
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

	process *rig.Process // started last
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
	all := w.Options().With(rig.Options{"db": w.db + db, "batch_size": "64k", "unstored_max": "320k"})
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
	return w.launch(exec.Command(bin, append([]string{"-e", w.so, "-store", w.store, "-drain-ms", "50", "-flush-ms", "200", "-grace-ms", "300"}, args...)...))
}

// launch starts any host.
func (w *simulation) launch(cmd *exec.Cmd) *rig.Process {
	w.t.Helper()
	w.process = start(w.t, cmd)
	return w.process
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

// progress is what the store has, and what the last process has written.
func (w *simulation) progress() string {
	var size int64
	if info, err := os.Stat(w.store); err == nil {
		size = info.Size()
	}
	return fmt.Sprintf("%d bytes stored, %s", size, progressOf(w.process))
}

// await waits for something that the process that was started last must do.
func (w *simulation) await(what string, done func() bool) {
	w.t.Helper()
	await(w.t, what, w.progress, func() bool { return done() || !w.process.Running() })
	if !done() {
		w.t.Fatalf("the process has ended without %s", what)
	}
}

// wait waits until nothing is missing any more.
func (w *simulation) wait() {
	w.t.Helper()
	w.await("the delivery of every record", func() bool { return w.report().Lost == 0 })
}

// stored waits until so many records are stored.
func (w *simulation) stored(records int) {
	w.t.Helper()
	w.await(fmt.Sprintf("%d stored records", records), func() bool {
		text, _ := os.ReadFile(w.store)
		return strings.Count(string(text), "\n") >= records
	})
}

// acknowledged waits until so many content blobs are in the state file as
// delivered. It takes no lock on it: what it reads at a bad moment is no
// database, and it reads again.
func (w *simulation) acknowledged(blobs int) {
	w.t.Helper()
	w.await(fmt.Sprintf("%d blobs in the state file", blobs), func() bool {
		db, err := sql.Open("sqlite", "file:"+w.db+"?mode=ro&immutable=1")
		if err != nil {
			w.t.Fatal(err)
		}
		defer db.Close()
		var done int
		err = db.QueryRow("SELECT count(*) FROM delivered WHERE done").Scan(&done)
		return err == nil && done >= blobs
	})
}

// exact fails unless everything came once and as it was.
func (w *simulation) exact() {
	w.t.Helper()
	if r := w.report(); !r.OK() {
		w.t.Errorf("%v", r)
	}
}
