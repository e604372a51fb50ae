package host_test

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

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
