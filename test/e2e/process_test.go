package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is a running host.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  string // file
	done chan struct{}
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
	p := &process{t: t, cmd: exec.Command(path, args...), log: log, done: make(chan struct{})}
	p.cmd.Dir = filepath.Dir(log)
	p.cmd.Stdout, p.cmd.Stderr = file, file
	tie(p.cmd)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(p.kill)
	return p
}

func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// kill leaves the process no time for anything.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// ended waits for the process's own end and returns its exit status, -1 if it
// did not end in time or by itself.
func (p *process) ended(limit time.Duration) int {
	select {
	case <-p.done:
	case <-time.After(limit):
		p.kill()
	}
	return p.cmd.ProcessState.ExitCode()
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
func (p *process) cpu() time.Duration {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		p.t.Skip("the processor time of a process cannot be read here: ", err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest) // proc(5): from the third on
	var ticks time.Duration
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			p.t.Fatalf("no times in %s", text)
		}
		ticks += time.Duration(n)
	}
	return ticks * time.Second / 100 // USER_HZ
}

func (p *process) threads() int {
	p.t.Helper()
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.cmd.Process.Pid))
	if err != nil {
		p.t.Skip("the threads of a process cannot be counted here: ", err)
	}
	return len(tasks)
}

// peak is the largest resident size so far, in bytes.
func (p *process) peak() int64 {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.t.Skip("the resident size of a process cannot be read here: ", err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kb, err := strconv.ParseInt(strings.Fields(rest + " ?")[0], 10, 64)
	if err != nil {
		p.t.Fatalf("no VmHWM in %s", text)
	}
	return kb << 10
}
