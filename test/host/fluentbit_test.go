package host_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// The same in a real Fluent Bit, where there is one.
func fluentBit(t *testing.T) rig.Host {
	t.Helper()
	found, err := rig.FindFluentBit()
	if err != nil {
		t.Fatal(err)
	}
	if found.Path == "" {
		t.Skip(rig.NoFluentBit)
	}
	return found
}

// command is Fluent Bit with a plugin and inputs, whose records go to the file
// that test/host would store them in.
func (w *simulation) command(h rig.Host, so string, service rig.Options, inputs ...rig.Options) *exec.Cmd {
	w.t.Helper()
	dir := filepath.Dir(w.store)
	for i := range inputs {
		inputs[i] = inputs[i].With(rig.Options{"name": "o365"})
	}
	cmd, err := h.Command(context.Background(), dir, so, rig.Config{
		Service: service.With(rig.Options{"flush": "1", "hot_reload": "on", "storage.path": filepath.Join(dir, "chunks")}),
		Inputs:  inputs,
		Outputs: []rig.Options{{"name": "file", "match": "*", "path": dir, "file": filepath.Base(w.store), "format": "plain"}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return cmd
}

// run starts Fluent Bit.
func (w *simulation) run(h rig.Host, service rig.Options, inputs ...rig.Options) *rig.Process {
	w.t.Helper()
	return w.launch(w.command(h, w.so, service, inputs...))
}

// cut takes away a line that was being written when its writer was killed.
func (w *simulation) cut() {
	w.t.Helper()
	text, err := os.ReadFile(w.store)
	if err == nil {
		err = os.Truncate(w.store, int64(bytes.LastIndexByte(text, '\n')+1))
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// Stops and reloads in the middle, with two inputs: everything comes once. (Until
// 4.0.3 Fluent Bit loses chunks in memory when it stops.)
func TestFluentBitStopsAndReloads(t *testing.T) {
	bin := fluentBit(t)
	t.Log(bin.Name)
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 30, Records: 50})
	inputs := []rig.Options{
		w.input("1", "storage.type=filesystem", "content_types=Audit.Exchange,Audit.General"),
		w.input("2", "storage.type=filesystem", "alias=others", "content_types=Audit.AzureActiveDirectory,Audit.SharePoint,DLP.All", "log_level=debug"),
	}
	p := w.run(bin, nil, inputs...)
	for i := range 2 {
		w.stored(1000 * (i + 1))
		p.Reload()
		logged(t, p, "[reload] start everything", i+1)
	}
	w.stored(3000)
	stop(t, p, 0)
	p = w.run(bin, nil, inputs...)
	w.wait()
	stop(t, p, 0)
	w.exact()
}

// A full buffer pauses one input, not the other.
func TestFluentBitPauses(t *testing.T) {
	bin := fluentBit(t)
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 30, Records: 50})
	p := w.run(bin, nil,
		w.input("1", "content_types=Audit.Exchange,Audit.General", "mem_buf_limit=100k"),
		w.input("2", "alias=others", "content_types=Audit.AzureActiveDirectory,Audit.SharePoint,DLP.All"))
	w.wait()
	stop(t, p, 0)
	w.exact()
	if !strings.Contains(p.Log(), "o365.0 paused (mem buf overlimit") || strings.Contains(p.Log(), "others paused") {
		t.Errorf("pauses:\n%s", p.Log())
	}
}

// With filesystem storage a kill loses nothing: what was confirmed is in a
// chunk, and Fluent Bit sends it after the restart.
func TestFluentBitKilled(t *testing.T) {
	bin := fluentBit(t)
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 30, Records: 50})
	service, input := rig.Options{"storage.sync": "full"}, w.input("", "storage.type=filesystem")
	const kills, perBatch = 3, 100
	for i := range kills {
		p := w.run(bin, service, input)
		w.stored(1000 * (i + 1))
		p.Kill()
		w.cut()
	}
	p := w.run(bin, service, input)
	w.wait()
	stop(t, p, 0)
	r := w.report()
	// What the output has written without confirming it is delivered again too.
	if r.Changed > 0 || r.Unexpected > 0 || r.Repeated > kills*5*2*perBatch {
		t.Errorf("%v", r)
	}
	t.Logf("%d records repeated by %d kills", r.Repeated, kills)
}

// A dump makes Fluent Bit put back its own signal handlers.
func TestFluentBitSurvivesBug(t *testing.T) {
	bin := fluentBit(t)
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 2, Records: 20})
	so, err := faulty()
	if err != nil {
		t.Fatal(err)
	}
	trigger := filepath.Join(t.TempDir(), "fault")
	cmd := w.command(bin, so, nil, w.input(""))
	cmd.Env = append(os.Environ(), "O365_FAULT="+trigger)
	p := w.launch(cmd)
	w.wait()
	p.Signal(syscall.SIGCONT)
	logged(t, p, "Fluent Bit Dump", 1)
	time.Sleep(2 * time.Second)
	if err := os.WriteFile(trigger, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	logged(t, p, "internal error in tick: runtime error: invalid memory address", 1)
	stop(t, p, 0)
}

// All lines go to Fluent Bit's log file, none past it.
func TestFluentBitLogFile(t *testing.T) {
	bin := fluentBit(t)
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 2, Records: 20})
	file := filepath.Join(t.TempDir(), "log")
	p := w.run(bin, rig.Options{"log_file": file}, w.input("", "log_level=debug"))
	w.wait()
	stop(t, p, 0)
	log, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^\[[0-9/]+ [0-9:.]+\] \[ info\] \[input:o365:o365\.0\] .*delivered`)
	if !line.Match(log) || strings.Contains(p.Log(), "input:o365:") {
		t.Errorf("log file:\n%s\nstandard error:\n%s", log, p.Log())
	}
}

// A mistake in the configuration ends the start.
func TestFluentBitRefuses(t *testing.T) {
	bin := fluentBit(t)
	if v := bin.Name; strings.Contains(v, " v2.") || strings.Contains(v, " v3.") {
		t.Skipf("%s goes on without an input that does not start (until 4.0.3)", v)
	}
	t.Parallel()
	w := simulate(t, api.Options{})
	tests := []struct {
		name  string
		input rig.Options
		want  string
	}{
		{"a wrong tenant", w.input("", "tenant_id=x"), "[error] [input:o365:o365.0] tenant_id"},
		{"threaded off", w.input("", "threaded=off"), `"threaded off" cannot be used`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := w.run(bin, nil, test.input)
			if status := ended(t, p); status != 255 || !strings.Contains(p.Log(), test.want) {
				t.Errorf("exit status %d, want 255 and %q in\n%s", status, test.want, p.Log())
			}
		})
	}
}

// From 5.1.1 on Fluent Bit knows the options.
func TestFluentBitOptions(t *testing.T) {
	bin := fluentBit(t)
	so, err := plugin()
	if err != nil {
		t.Fatal(err)
	}
	help, err := exec.Command(bin.Path, "-e", so, "-i", "o365", "-h").Output()
	if err != nil || !bytes.Contains(help, []byte("requests_per_minute")) {
		t.Skipf("%s takes no list of options", bin.Name)
	}
	out, err := exec.Command(bin.Path, "-e", so, "-i", "o365", "-p", "tennant_id=x", "-o", "null").CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("unknown configuration property 'tennant_id'")) {
		t.Errorf("%v\n%s", err, out)
	}
}
