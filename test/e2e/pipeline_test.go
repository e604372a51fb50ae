package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
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
	environ []string   // variables besides those of this process
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
	cmd.Dir, cmd.Env = p.dir, append(os.Environ(), p.environ...)
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

// patience is how long nothing may move until a wait is given up. The longest
// pause of the plugin is a minute.
const patience = 2 * time.Minute

// stop ends a life as a service manager does.
func (p *pipeline) stop() {
	p.t.Helper()
	if status := p.process.Stop(patience); status != 0 {
		p.t.Errorf("exit status %d after SIGTERM, want 0 (-1: killed, since it had not ended and logged nothing for %v); %s", status, patience, p.process.LogTail())
	}
}

// await fails the test when what is awaited does not come, and nothing moves any
// more: no record comes, and the log does not grow. So it does when the process
// ends by itself.
func (p *pipeline) await(what string, done func() bool) {
	p.t.Helper()
	if err := p.awaits(what, done); err != nil {
		p.t.Fatalf("%v\naccount: %+v\n%s", err, p.sink.service.Account(), p.process.LogTail())
	}
}

// awaits is await for a test that goes on.
func (p *pipeline) awaits(what string, done func() bool) error {
	p.t.Helper()
	var running, ok bool
	err := rig.Await(what, patience, func() bool {
		running = p.process.Running()
		ok = done()
		return ok || !running
	}, func() int { p.read(); return p.lines }, p.log.Len)
	if err == nil && !ok {
		err = fmt.Errorf("awaited: %s; the process has ended by itself (%v)", what, p.process.State())
	}
	return err
}

// complete waits until everything is stored that a client can have received by now.
func (p *pipeline) complete() {
	p.t.Helper()
	err := p.awaits("everything that a client can have received", p.sink.complete)
	if err != nil {
		p.t.Fatalf("%v\n%v\naccount: %+v\n%s", err, p.sink.report(), p.sink.service.Account(), p.process.LogTail())
	}
}

// finish lets a last life complete the work, and a further one find nothing to
// do; then all is compared. So many bytes of repeated records are forgiven, and those
// that the plugin announced at a stop, since other tests kept the disk busy for longer
// than a stop may take: as many as may wait for the state file.
func (p *pipeline) finish(forgiven int) {
	p.t.Helper()
	if p.process == nil || !p.process.Running() {
		p.start()
	}
	p.complete()
	p.stop()
	before := p.sink.report()
	p.start()
	time.Sleep(2 * time.Second)
	p.stop()
	r := p.sink.report()
	checkLog(p.t, p.process)
	busyStops := strings.Count(p.log.String(), "db: still being written")
	forgiven += repeats(busyStops, (delivery.MaxUnwritten+1)*64<<10+4<<20)
	if r.Delivered != before.Delivered && busyStops == 0 {
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
