package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	output  options    // Fluent Bit's; default: files
	beside  rig.Config // further inputs and outputs of Fluent Bit; the output then takes o365* only
	service options    // Fluent Bit's
	flags   []string   // of test/host
	lives   int
	reloads int
	log     rig.Text     // of all lives
	process *rig.Process // the last life
	http    string       // URL of Fluent Bit's HTTP server, if it has one
}

// newPipeline makes a pipeline with one input, whose options may be changed
// before it starts.
func newPipeline(t *testing.T, p program, s *rig.Service) *pipeline {
	t.Helper()
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	must(t, os.Mkdir(out, 0o700))
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
func (p *pipeline) start() *rig.Process {
	p.t.Helper()
	p.lives++
	name := fmt.Sprintf("%04d.jsonl", p.lives)
	output := p.output
	if output == nil {
		output = options{"name": "file", "path": p.sink.dir, "file": name, "format": "plain"}
	}
	output = output.With(options{"match": "*", "retry_limit": "no_limits"})
	if p.beside.Inputs != nil {
		output["match"] = "o365*"
	}
	flags := append(slices.Clone(p.flags), "-store", filepath.Join(p.sink.dir, name))
	if output["name"] == "null" {
		flags = append(slices.Clone(p.flags), "-count")
	}
	cmd, err := p.program.Command(p.t.Context(), p.dir, plugin, rig.Config{
		Service: p.service,
		Inputs:  slices.Concat(p.inputs, p.beside.Inputs),
		Outputs: append([]options{output}, p.beside.Outputs...),
	}, flags...)
	must(p.t, err)
	cmd.Dir = p.dir
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	p.process, err = rig.Start(cmd)
	must(p.t, err)
	p.t.Cleanup(p.process.Kill)
	return p.process
}

// discard makes the host drop the records.
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
	server, root, err := rig.HTTPServer()
	must(p.t, err)
	p.http, p.service = root, p.service.With(server)
}

// metrics are what Fluent Bit shows of them, "" for none.
func (p *pipeline) metrics() string {
	text, _ := rig.Get(p.http + "/api/v2/metrics/prometheus")
	return string(text)
}

// stop ends a life as a service manager does.
func (p *pipeline) stop() {
	p.t.Helper()
	if status := p.process.Stop(10 * time.Second); status != 0 {
		p.t.Errorf("exit status %d, want 0; %s", status, p.process.LogTail())
	}
}

// complete waits until everything is stored that a client can have received by now.
func (p *pipeline) complete(limit time.Duration) {
	p.t.Helper()
	done := rig.Within(limit, func() bool { return !p.process.Running() || p.sink.complete() })
	if !p.process.Running() {
		p.t.Fatalf("ended by itself: %v; %s", p.process.State(), p.process.LogTail())
	}
	if !done {
		p.t.Fatalf("not complete after %v: %v\naccount: %+v\n%s", limit, p.sink.report(), p.sink.service.Account(), p.process.LogTail())
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
	checkLog(p.t, p.process)
	if r.Delivered != before.Delivered {
		p.t.Errorf("the last start delivered %d records again", r.Delivered-before.Delivered)
	}
	p.t.Logf("%d records in %d lives: %d lost, %d repeated (%d kB), %d changed", r.Expected, p.lives, r.Lost, r.Repeated, p.again>>10, r.Changed)
	good := r
	if p.again <= forgiven {
		good.Repeated = 0
	}
	if !good.OK() {
		p.t.Errorf("%v\naccount: %+v\n%s", r, p.sink.service.Account(), p.process.LogTail())
	}
}
