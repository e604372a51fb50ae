package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// pipeline is a configuration of a host, with its state over several lives of
// the process: from the service to files.
type pipeline struct {
	*sink
	t       *testing.T
	program program
	dir     string
	inputs  []options
	output  options  // Fluent Bit's; default: files
	beside  string   // further sections, of Fluent Bit; the output then takes o365* only
	service options  // Fluent Bit's
	flags   []string // of test/host
	lives   int
	reloads int
	process *process // the last life
	port    string   // of Fluent Bit's HTTP server, if it has one
}

// newPipeline makes a pipeline with one input, whose options may be changed
// before it starts.
func newPipeline(t *testing.T, p program, s *service) *pipeline {
	t.Helper()
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o700); err != nil {
		t.Fatal(err)
	}
	return &pipeline{
		sink:    newSink(t, s, out),
		t:       t,
		program: p,
		dir:     dir,
		inputs: []options{s.Options().With(options{
			"name":         "o365",
			"alias":        "o365",
			"tag":          "o365",
			"storage.type": "filesystem",
			"db":           filepath.Join(dir, "o365.db"),
		})},
		service: options{
			"flush":          "0.2",
			"log_level":      "info",
			"hot_reload":     "on",
			"storage.path":   filepath.Join(dir, "storage"),
			"scheduler.base": "1",
			"scheduler.cap":  "2",
		},
		flags: []string{"-grace-ms", "200"},
	}
}

// start begins another life. What it stores goes to a file of its own, since
// the last line of one that is killed may be cut off.
func (p *pipeline) start() *process {
	p.t.Helper()
	p.lives++
	name := fmt.Sprintf("%04d.jsonl", p.lives)
	output := p.output
	if output == nil {
		output = options{"name": "file", "path": p.sink.dir, "file": name, "format": "plain"}
	}
	output = output.With(options{"match": "*", "retry_limit": "no_limits"})
	if p.beside != "" {
		output["match"] = "o365*"
	}
	var text strings.Builder
	text.WriteString(p.service.Section("SERVICE"))
	for _, input := range p.inputs {
		text.WriteString(input.Section("INPUT"))
	}
	text.WriteString(output.Section("OUTPUT"))
	text.WriteString(p.beside)
	config := filepath.Join(p.dir, "pipeline.conf")
	if err := os.WriteFile(config, []byte(text.String()), 0o600); err != nil {
		p.t.Fatal(err)
	}
	args := []string{"-e", plugin, "-c", config}
	if !p.program.FluentBit {
		args = append(args, p.flags...)
		if output["name"] == "null" {
			args = append(args, "-count")
		} else {
			args = append(args, "-store", filepath.Join(p.sink.dir, name))
		}
	}
	p.process = startProcess(p.t, filepath.Join(p.dir, "log"), p.program.Path, args...)
	return p.process
}

// discard makes the host forget what it is given.
func (p *pipeline) discard() { p.output = options{"name": "null"} }

// set changes an option of all inputs.
func (p *pipeline) set(key, value string) {
	for _, input := range p.inputs {
		input[key] = value
	}
}

// serveHTTP lets Fluent Bit show its metrics.
func (p *pipeline) serveHTTP() {
	p.t.Helper()
	_, port, err := rig.FreePort()
	if err != nil {
		p.t.Fatal(err)
	}
	p.port = port
	p.service = p.service.With(options{"http_server": "on", "http_listen": "127.0.0.1", "http_port": port})
}

// metrics are what Fluent Bit shows of them, "" for none.
func (p *pipeline) metrics() string {
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%s/api/v2/metrics/prometheus", p.port))
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return string(text)
}

// stop ends a life as a service manager does.
func (p *pipeline) stop() {
	p.t.Helper()
	if status := p.timedStop(10 * time.Second); status != 0 {
		p.t.Errorf("exit status %d, want 0; %s", status, p.process.tail())
	}
}

func (p *pipeline) timedStop(limit time.Duration) (status int) {
	return p.process.Stop(limit)
}

// complete waits until everything that can be had is stored.
func (p *pipeline) complete(limit time.Duration) {
	p.t.Helper()
	done := within(limit, func() bool { return !p.process.Running() || p.sink.complete() })
	if !p.process.Running() {
		p.t.Fatalf("ended by itself: %v; %s", p.process.State(), p.process.tail())
	}
	if !done {
		p.t.Fatalf("not complete after %v: %v\naccount: %+v\n%s", limit, p.sink.report(), p.sink.service.Account(), p.process.tail())
	}
}

// finish lets a last life complete the work, and a further one find nothing to
// do; then all is compared. So many bytes of repeated records are forgiven.
func (p *pipeline) finish(limit time.Duration, forgiven int) {
	p.t.Helper()
	if p.process == nil || !p.process.Running() {
		p.start()
	}
	p.complete(limit)
	p.stop()
	before := p.sink.report()
	p.start()
	time.Sleep(2 * time.Second)
	p.stop()
	r := p.sink.report()
	p.process.checkLog()
	if r.Delivered != before.Delivered {
		p.t.Errorf("the last start delivered %d records again", r.Delivered-before.Delivered)
	}
	p.t.Logf("%d records in %d lives: %d lost, %d repeated (%d kB), %d changed", r.Expected, p.lives, r.Lost, r.Repeated, p.again>>10, r.Changed)
	good := r
	if p.again <= forgiven {
		good.Repeated = 0
	}
	if !good.OK() {
		p.t.Errorf("%v\naccount: %+v\n%s", r, p.sink.service.Account(), p.process.tail())
	}
}
