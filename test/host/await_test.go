package host_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// patience is how long nothing may move before a test gives up. It is no limit
// for how long a test takes: that depends on what else the machine does. The
// longest that the plugin itself rests are 30 seconds for a batch on the ring
// buffer and a minute of back-off after that.
const patience = 3 * time.Minute

// await waits until done. It gives up when the result of progress has not
// changed for as long as patience.
func await(t *testing.T, what string, progress func() string, done func() bool) {
	t.Helper()
	for last := progress(); !rig.Within(patience, done); {
		now := progress()
		if now == last {
			t.Fatalf("waited for %s; nothing has moved for %v: %s", what, patience, now)
		}
		last = now
	}
}

// progressOf is what a process has written so far.
func progressOf(p *rig.Process) string {
	return fmt.Sprintf("%d bytes of log, %d of output", len(p.Log()), len(p.Output()))
}

// logged waits until the log has a text the given number of times.
func logged(t *testing.T, p *rig.Process, text string, times int) {
	t.Helper()
	found := func() bool { return strings.Count(p.Log(), text) >= times }
	await(t, fmt.Sprintf("%q, %d times in the log", text, times), func() string { return progressOf(p) },
		func() bool { return found() || !p.Running() })
	if !found() {
		t.Fatalf("ended without %q, %d times in the log", text, times)
	}
}

// output waits until the process has written so many lines.
func output(t *testing.T, p *rig.Process, lines int) {
	t.Helper()
	await(t, fmt.Sprintf("%d lines of output", lines), func() string { return progressOf(p) },
		func() bool { return strings.Count(p.Output(), "\n") >= lines || !p.Running() })
}

// ended waits for the end of a process and returns its exit status.
func ended(t *testing.T, p *rig.Process) (status int) {
	t.Helper()
	await(t, "the end of the process", func() string { return progressOf(p) }, func() bool { return !p.Running() })
	return p.Wait(0)
}

// started waits until the plugin collects: for the line of its start, of which
// there is one more after each reload.
func started(t *testing.T, p *rig.Process, times int) {
	t.Helper()
	logged(t, p, "collecting Audit.", times)
}
