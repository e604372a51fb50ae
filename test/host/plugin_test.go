package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

func TestPluginDelivers(t *testing.T) {
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 20, Records: 30, Duplicates: 2})
	p := w.start(path, append(
		w.args("1", "content_types=Audit.Exchange,Audit.General"),
		w.args("2", "alias=others", "content_types=Audit.AzureActiveDirectory,Audit.SharePoint,DLP.All")...)...)
	w.wait()
	stop(t, p, 0)
	w.exact()
}

func TestPluginTags(t *testing.T) {
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 2, Records: 3})
	p := w.start(path, append(w.args("", "tag_prefix=m365"), "-format", "tagged")...)
	w.stored(5 * 2 * 3)
	stop(t, p, 0)
	text, err := os.ReadFile(w.store)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"azureactivedirectory", "exchange", "sharepoint", "general", "dlp"} {
		if n := strings.Count(string(text), `{"tag":"m365.`+tag+`",`); n != 6 {
			t.Errorf("%d records under m365.%s, want 6", n, tag)
		}
	}
}

func TestPluginPaused(t *testing.T) {
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 20, Records: 30})
	p := w.start(path, append(w.args("1"), append(w.args("2", "alias=second", "content_types=DLP.All"), "-mem-limit", "300000", "-flush-ms", "1000")...)...)
	logged(t, p, "paused", 3)
	w.wait()
	stop(t, p, 0)
	if strings.Count(p.Log(), "] o365.0 paused") < 3 {
		t.Errorf("not paused often enough:\n%s", p.Log())
	}
	// DLP.All is collected by both inputs.
	if r := w.report(); r.Lost > 0 || r.Changed > 0 || r.Unexpected > 0 || r.Repeated > 600 {
		t.Errorf("%v", r)
	}
}

// A stop in the middle loses nothing and repeats nothing.
func TestPluginStops(t *testing.T) {
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 30, Records: 50})
	for i := range 3 {
		p := w.start(path, w.args("")...)
		w.stored(1000 * (i + 1))
		stop(t, p, 0)
	}
	p := w.start(path, w.args("")...)
	w.wait()
	stop(t, p, 0)
	w.exact()
}

func TestPluginReloads(t *testing.T) {
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 30, Records: 50})
	p := w.start(path, append(
		w.args("1", "content_types=Audit.Exchange,Audit.General"),
		w.args("2", "alias=others", "content_types=Audit.AzureActiveDirectory,Audit.SharePoint,DLP.All")...)...)
	w.stored(1000)
	before := timers(p)
	for i := range 3 {
		w.stored(1000 * (i + 1))
		p.Reload()
		logged(t, p, "start everything", i+1)
	}
	w.wait()
	if n := timers(p); n != before {
		t.Errorf("%d timers are open, %d before the reloads", n, before)
	}
	stop(t, p, 0)
	w.exact()
}

// timers returns how many timers of the kernel a process has open; 0 where /proc does not
// show them.
func timers(p *rig.Process) (n int) {
	folder := fmt.Sprintf("/proc/%d/fd", p.ID())
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		if to, _ := os.Readlink(filepath.Join(folder, entry.Name())); to == "anon_inode:[timerfd]" {
			n++
		}
	}
	return n
}

// A kill loses nothing and repeats what was under way, which has a limit.
func TestPluginKilled(t *testing.T) {
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 30, Records: 50})
	const kills, underWay = 3, 500 // records of 320k at most
	for i := range kills {
		p := w.start(path, w.args("")...)
		w.stored(1000 * (i + 1))
		p.Kill()
	}
	p := w.start(path, w.args("")...)
	w.wait()
	stop(t, p, 0)
	r := w.report()
	if r.Changed > 0 || r.Unexpected > 0 || r.Repeated > kills*underWay {
		t.Errorf("%v", r)
	}
	t.Logf("%d records repeated by %d kills", r.Repeated, kills)
}

// What Fluent Bit loses between its ring buffer and its storage is delivered again.
func TestPluginLosses(t *testing.T) {
	if testing.Short() {
		t.Skip("waits half a minute")
	}
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 2, Records: 60})
	p := w.start(path, append(w.args(""), "-drop-every", "4")...)
	w.wait()
	stop(t, p, 0)
	if r := w.report(); r.Changed > 0 || r.Unexpected > 0 {
		t.Errorf("%v", r)
	}
	if !strings.Contains(p.Log(), "no available chunk") || !strings.Contains(p.Log(), "handed over again") {
		t.Errorf("nothing was lost:\n%s", p.Log())
	}
}

// What processors drop is not delivered again, and does not stop the input.
func TestPluginProcessors(t *testing.T) {
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 10, Records: 30})
	p := w.start(path, append(w.args(""), "-swallow-every", "3")...)
	w.acknowledged(10 * len(everyType))
	stop(t, p, 0)
	r := w.report()
	want := fmt.Sprintf("%d records stored, 0 lost, %d swallowed", r.Delivered, r.Lost)
	if r.Lost == 0 || r.Lost == r.Expected || r.Repeated > 0 || !strings.Contains(p.Log(), want) {
		t.Errorf("%v; want %q", r, want)
	}
}
