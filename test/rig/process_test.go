package rig

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestProcess(t *testing.T) {
	p, err := Start(exec.Command("/bin/sh", "-c", "echo out; echo log >&2; exec sleep 60"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Kill()
	if !p.WaitLog("log", 1, 10*time.Second) || !Within(10*time.Second, func() bool { return p.Output() == "out\n" }) {
		t.Errorf("output %q, log %q", p.Output(), p.Log())
	}
	if err := p.AwaitLog("log", 2, 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), `2 times "log" in the log`) {
		t.Errorf("the text is not there twice: %v", err)
	}
	if !p.Running() || p.State() != nil {
		t.Error("it does not run")
	}
	if status := p.Wait(50 * time.Millisecond); status != -1 || p.Running() || p.State() == nil {
		t.Errorf("exit status %d after the limit", status)
	}
	if err := p.AwaitLog("log", 2, time.Minute); err == nil || !strings.Contains(err.Error(), "the process has ended") {
		t.Errorf("a process that has ended is waited for: %v", err)
	}
}

// Several processes can share a text, as the log of a pipeline over its lives.
func TestSharedText(t *testing.T) {
	var log Text
	for _, line := range []string{"first", "failed to flush", "[engine] pending chunk count: 1", "second"} {
		cmd := exec.Command("/bin/sh", "-c", "echo $0; exit 3", line)
		cmd.Stdout, cmd.Stderr = &log, &log
		p, err := Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		if status := p.Wait(10 * time.Second); status != 3 || !strings.HasSuffix(p.Log(), line+"\n") {
			t.Errorf("exit status %d, log %q", status, p.Log())
		}
	}
	if got, want := log.Len(), len("first\nsecond\n"); got != want {
		t.Errorf("length %d without what outputs log about every attempt, want %d", got, want)
	}
	if got := log.Tail(); got != "first\n[engine] pending chunk count: 1\nsecond\n" {
		t.Errorf("tail %q", got)
	}
}

func TestConfig(t *testing.T) {
	input := Options{"name": "o365", "tag": "a"}
	c := Config{Service: Options{"flush": "1"}, Inputs: []Options{input, input.With(Options{"tag": "b"})}, Outputs: []Options{{"name": "null"}}}
	const want = "[SERVICE]\n    flush 1\n[INPUT]\n    name o365\n    tag a\n[INPUT]\n    name o365\n    tag b\n[OUTPUT]\n    name null\n"
	if got := c.String(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	for _, h := range []Host{{Path: "/host"}, {Path: "/fluent-bit", FluentBit: true}} {
		cmd, err := h.Command(t.Context(), t.TempDir(), "p.so", c, "-count")
		if err != nil || strings.Contains(cmd.String(), "-count") == h.FluentBit {
			t.Errorf("%v, %v", cmd, err)
		}
	}
}
