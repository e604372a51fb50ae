package host_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// The plugin, and one with a bug (plugin/fault.go), each built at most once.
var (
	plugin = sync.OnceValues(func() (string, error) { return host.BuildPlugin(dir) })
	faulty = sync.OnceValues(func() (string, error) { return host.BuildPlugin(dir, "o365fault") })
)

const (
	application = "22222222-3333-4444-8555-666666666666"
	secret      = "simulated-secret"
)

// world is a simulated Microsoft 365 and what one delivery of it needs.
type world struct {
	t     *testing.T
	sim   *cloud.Cloud
	url   string
	so    string
	ca    string
	db    string
	store string
}

func simulate(t *testing.T, opt cloud.Options) *world {
	t.Helper()
	so, err := plugin()
	if err != nil {
		t.Fatal(err)
	}
	directory := login.New(login.Options{Seed: 1})
	directory.AddApp(login.App{ClientID: application, Secret: secret}, cloud.DefaultTenant)
	opt.Verify = func(bearer string) (string, []string, error) {
		claims, err := directory.Verify(bearer)
		return claims.TenantID, claims.Roles, err
	}
	sim := cloud.New(opt)
	mux := http.NewServeMux()
	mux.Handle("/api/", sim)
	mux.Handle("/", directory)
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)

	tmp := t.TempDir()
	w := &world{t: t, sim: sim, url: server.URL, so: so,
		ca: filepath.Join(tmp, "ca.pem"), db: filepath.Join(tmp, "db"), store: filepath.Join(tmp, "store")}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(w.ca, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return w
}

// input is the command line of one input. The properties replace or join those
// that every input needs.
func (w *world) input(db string, properties ...string) []string {
	all := map[string]string{
		"tenant_id": cloud.DefaultTenant, "client_id": application, "client_secret": secret,
		"endpoint": w.url, "authority_host": w.url, "ca_file": w.ca, "db": w.db + db,
		"content_types": strings.Join(cloud.ContentTypes(), ","), "batch_size": "64k", "poll_interval": "10s",
	}
	for _, p := range properties {
		key, value, _ := strings.Cut(p, "=")
		all[key] = value
	}
	args := []string{"-i", "o365"}
	for key, value := range all {
		args = append(args, "-p", key+"="+value)
	}
	return args
}

// start runs the host with the plugin. Its seconds are shorter, except for the
// callback's.
func (w *world) start(bin string, args ...string) *host.Process {
	w.t.Helper()
	all := append([]string{"-e", w.so, "-store", w.store, "-drain-ms", "50", "-flush-ms", "200", "-grace-ms", "300"}, args...)
	p, err := host.Start(bin, nil, all...)
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
	r, err := w.sim.CheckLines(f, cloud.CheckOptions{Dedup: true})
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

func TestPluginDelivers(t *testing.T) {
	t.Parallel()
	w := simulate(t, cloud.Options{Blobs: 20, Records: 30, Duplicates: 2})
	p := w.start(path, append(
		w.input("1", "content_types=Audit.Exchange,Audit.General"),
		w.input("2", "alias=others", "content_types=Audit.AzureActiveDirectory,Audit.SharePoint,DLP.All")...)...)
	w.wait(30 * time.Second)
	stop(t, p, 0)
	w.exact()
}

func TestPluginTags(t *testing.T) {
	t.Parallel()
	w := simulate(t, cloud.Options{Blobs: 2, Records: 3})
	p := w.start(path, append(w.input("", "tag_prefix=m365"), "-format", "tagged")...)
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
	w := simulate(t, cloud.Options{Blobs: 20, Records: 30})
	p := w.start(path, append(w.input("1"), append(w.input("2", "alias=second", "content_types=DLP.All"), "-mem-limit", "200000")...)...)
	p.WaitLog("paused", 3, 10*time.Second)
	w.wait(30 * time.Second)
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
	w := simulate(t, cloud.Options{Blobs: 30, Records: 50})
	for i := range 3 {
		p := w.start(path, w.input("")...)
		w.stored(1000 * (i + 1))
		start := time.Now()
		stop(t, p, 0)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("took %v to stop", took)
		}
	}
	p := w.start(path, w.input("")...)
	w.wait(30 * time.Second)
	stop(t, p, 0)
	w.exact()
}

func TestPluginReloads(t *testing.T) {
	t.Parallel()
	w := simulate(t, cloud.Options{Blobs: 30, Records: 50})
	p := w.start(path, append(
		w.input("1", "content_types=Audit.Exchange,Audit.General"),
		w.input("2", "alias=others", "content_types=Audit.AzureActiveDirectory,Audit.SharePoint,DLP.All")...)...)
	for i := range 3 {
		w.stored(1000 * (i + 1))
		p.Reload()
		if !p.WaitLog("start everything", i+1, 10*time.Second) {
			t.Fatalf("no reload:\n%s", p.Log())
		}
	}
	w.wait(30 * time.Second)
	stop(t, p, 0)
	w.exact()
}

// A kill loses nothing and repeats what was under way: one batch of each
// content type.
func TestPluginKilled(t *testing.T) {
	t.Parallel()
	w := simulate(t, cloud.Options{Blobs: 30, Records: 50})
	const kills, perBatch = 3, 100 // records of 64k at most
	for i := range kills {
		p := w.start(path, w.input("")...)
		w.stored(1000 * (i + 1))
		p.Kill()
	}
	p := w.start(path, w.input("")...)
	w.wait(30 * time.Second)
	stop(t, p, 0)
	r := w.report()
	if r.Changed > 0 || r.Unexpected > 0 || r.Repeated > kills*5*perBatch {
		t.Errorf("%v", r)
	}
	t.Logf("%d records repeated by %d kills", r.Repeated, kills)
}

// What Fluent Bit loses between its ring buffer and its storage comes again.
func TestPluginLosses(t *testing.T) {
	if testing.Short() {
		t.Skip("waits half a minute")
	}
	t.Parallel()
	w := simulate(t, cloud.Options{Blobs: 2, Records: 60})
	p := w.start(path, append(w.input(""), "-drop-every", "4")...)
	w.wait(5 * time.Minute)
	stop(t, p, 0)
	if r := w.report(); r.Changed > 0 || r.Unexpected > 0 {
		t.Errorf("%v", r)
	}
	if !strings.Contains(p.Log(), "no available chunk") || !strings.Contains(p.Log(), "handed over again") {
		t.Errorf("nothing was lost:\n%s", p.Log())
	}
}

// What processors drop is done with: it does not come again and holds nothing
// up.
func TestPluginProcessors(t *testing.T) {
	t.Parallel()
	w := simulate(t, cloud.Options{Blobs: 10, Records: 30})
	p := w.start(path, append(w.input(""), "-swallow-every", "3")...)
	time.Sleep(4 * time.Second)
	stop(t, p, 0)
	r := w.report()
	want := fmt.Sprintf("%d records stored, 0 lost, %d swallowed", r.Delivered, r.Lost)
	if r.Lost == 0 || r.Lost == r.Expected || r.Repeated > 0 || !strings.Contains(p.Log(), want) {
		t.Errorf("%v; want %q", r, want)
	}
}

// Hosts that lack something.
func TestPluginOtherHosts(t *testing.T) {
	tests := []struct {
		name  string
		build []string
		args  []string
	}{
		{"2.2 to 4.0", []string{"-DNO_RING_METRIC"}, []string{"-def-size", "32"}},
		{"no metrics", []string{"-DNO_METRICS"}, nil},
		{"no append", []string{"-DNO_APPEND"}, []string{"-tick-ms", "100"}},
		{"neither", []string{"-DNO_METRICS", "-DNO_APPEND"}, []string{"-tick-ms", "100"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := simulate(t, cloud.Options{Blobs: 2, Records: 20})
			bin, err := host.Build(dir, test.build...)
			if err != nil {
				t.Fatal(err)
			}
			p := w.start(bin, append(w.input("", "batch_size=1M"), test.args...)...)
			w.wait(time.Minute)
			time.Sleep(1500 * time.Millisecond) // the last is confirmed by time
			stop(t, p, 0)
			w.exact()
			again := w.start(bin, append(w.input("", "batch_size=1M"), test.args...)...)
			time.Sleep(time.Second)
			stop(t, again, 0)
			w.exact()
		})
	}
}

func TestPluginRefuses(t *testing.T) {
	t.Parallel()
	w := simulate(t, cloud.Options{})
	old, err := host.Build(dir, "-DNO_PRE_REGISTER")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		bin  string
		args []string
		want string
	}{
		{"no tenant", path, w.input("", "tenant_id="), "tenant_id"},
		{"two mistakes", path, w.input("", "tenant_id=x", "poll_interval=1s"), "[error] [input:o365:o365.0] poll_interval"},
		{"an unknown key", path, w.input("", "tennant=x"), "unknown configuration property 'tennant'"},
		{"before 2.2", old, w.input(""), "Fluent Bit 2.2 or later is needed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := w.start(test.bin, test.args...)
			if status := p.Wait(); status != 255 || !strings.Contains(p.Log(), test.want) {
				t.Errorf("exit status %d, want 255 and %q in\n%s", status, test.want, p.Log())
			}
		})
	}
}

func TestPluginOptions(t *testing.T) {
	w := simulate(t, cloud.Options{})
	p := w.start(path, "-options")
	if status := p.Wait(); status != 0 {
		t.Fatalf("exit status %d", status)
	}
	var want strings.Builder
	for o := range option.All() {
		fmt.Fprintf(&want, "%s\t%s\t%s\n", o.Key, o.Default, o.Description())
	}
	if p.Events() != want.String() {
		t.Errorf("options:\n%s\nwant\n%s", p.Events(), want.String())
	}
}

// A bug of ours stops the input, not Fluent Bit, even after Fluent Bit has put
// its own handler for SIGSEGV in the place of Go's.
func TestPluginBug(t *testing.T) {
	t.Parallel()
	w := simulate(t, cloud.Options{Blobs: 2, Records: 20})
	so, err := faulty()
	if err != nil {
		t.Fatal(err)
	}
	trigger := filepath.Join(t.TempDir(), "fault")
	p, err := host.Start(path, []string{"O365_FAULT=" + trigger}, append([]string{"-e", so, "-store", w.store, "-grace-ms", "300"},
		w.input("", "log_level=debug")...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	w.wait(30 * time.Second)
	p.Reload()
	p.WaitLog("start everything", 1, 10*time.Second)
	time.Sleep(time.Second)
	if err := os.WriteFile(trigger, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !p.WaitLog("internal error in tick: runtime error: invalid memory address", 1, 10*time.Second) {
		t.Errorf("no line about it:\n%s", p.Log())
	}
	stop(t, p, 0)
	if strings.Count(p.Log(), "internal error") != 1 || !strings.Contains(p.Log(), "faulty.Next") {
		t.Errorf("one line and a stack are wanted:\n%s", p.Log())
	}
}

// The C side under AddressSanitizer. Leaks are not looked for: the collector's
// tables are never freed, and pointers that only Go holds look like leaks.
func TestPluginSanitized(t *testing.T) {
	w := simulate(t, cloud.Options{Blobs: 10, Records: 30})
	bin, err := host.Build(dir, "-fsanitize=address", "-fno-omit-frame-pointer")
	if err != nil {
		t.Skipf("no AddressSanitizer: %v", err)
	}
	t.Setenv("ASAN_OPTIONS", "detect_leaks=0")
	for _, size := range []string{"32", "48"} {
		p := w.start(bin, append(w.input("", "log_level=debug"), "-def-size", size)...)
		w.wait(time.Minute)
		p.Reload()
		p.WaitLog("start everything", 1, 10*time.Second)
		time.Sleep(time.Second)
		stop(t, p, 0)
		if strings.Contains(p.Log(), "AddressSanitizer") {
			t.Errorf("log:\n%s", p.Log())
		}
	}
	w.exact()
}
