package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// process is a running host.
type process struct {
	*rig.Process
	t   *testing.T
	log string // file
}

// startProcess starts a host that logs to a file. It is killed at the end of
// the test at the latest.
func startProcess(t *testing.T, log string, path string, args ...string) *process {
	t.Helper()
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := exec.Command(path, args...)
	cmd.Dir = filepath.Dir(log)
	cmd.Stdout, cmd.Stderr = file, file
	p, err := rig.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return &process{p, t, log}
}

func (p *process) text() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		p.t.Error(err)
	}
	return string(text)
}

// says waits until the log holds text so many times.
func (p *process) says(text string, times int, limit time.Duration) bool {
	return within(limit, func() bool { return strings.Count(p.text(), text) >= times })
}

// caughtUp waits until the log says that of all these content types of so many
// tenants. A line or a part of one that names no type is about all of them.
func (p *process) caughtUp(tenants int, types []string, limit time.Duration) bool {
	tenant := regexp.MustCompile(`[0-9a-f]{8}-[-0-9a-f]{27}`)
	return within(limit, func() bool {
		said := make(map[string]bool)
		for line := range strings.Lines(p.text()) {
			about, _, ok := strings.Cut(line, "caught up")
			if !ok {
				continue
			}
			of := tenant.FindString(about)
			about = about[strings.LastIndex(about, ";")+1:]
			named := slices.DeleteFunc(slices.Clone(types), func(t string) bool { return !strings.Contains(about, t) })
			if len(named) == 0 {
				named = types
			}
			for _, t := range named {
				said[of+t] = true
			}
		}
		return len(said) == tenants*len(types)
	})
}

// chatter is what outputs of Fluent Bit say of every attempt.
var chatter = regexp.MustCompile(`failed to flush|no upstream connections|HTTP status=200`)

// tail is the end of the log.
func (p *process) tail() string {
	lines := slices.DeleteFunc(strings.SplitAfter(p.text(), "\n"), chatter.MatchString)
	return fmt.Sprintf("the end of the log:\n%s", strings.Join(lines[max(0, len(lines)-30):], ""))
}

// trouble is what no log may hold, whatever happens.
var trouble = regexp.MustCompile(`(?i).*(panic|SIG(SEGV|ABRT|BUS|FPE|ILL)|goroutine \d|stack|violation|internal error|a mistake in the plugin|log lines dropped).*`)

func (p *process) checkLog() {
	p.t.Helper()
	if lines := trouble.FindAllString(p.text(), 10); lines != nil {
		p.t.Errorf("in the log:\n%s", strings.Join(lines, "\n"))
	}
}

// cpu is the processor time used so far.
func (p *process) cpu() time.Duration { return known(p.t, p.CPU) }

func (p *process) threads() int { return known(p.t, p.Threads) }

// peak is the largest resident size so far, in bytes.
func (p *process) peak() int64 { return known(p.t, p.Peak) }

// known skips a test where the system does not tell of processes.
func known[T any](t *testing.T, of func() (T, error)) T {
	t.Helper()
	v, err := of()
	if err != nil {
		t.Skip("what a process takes cannot be read here: ", err)
	}
	return v
}
