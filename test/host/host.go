// Package host builds and drives a small program that loads the plugin as
// Fluent Bit does. The program is written in C, since two Go runtimes in one
// process would be none of Fluent Bit's situations; its source is in src and is
// built by
//
//	cc -O2 -rdynamic -o build/o365-host test/host/src/*.c -ldl -lpthread -lm
//
// Run without arguments it prints its flags.
package host

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

//go:embed src
var source embed.FS

// ErrNoCompiler means that there is no C compiler to build with.
var ErrNoCompiler = errors.New("no C compiler")

// Build compiles the host into dir with further flags for the compiler and
// returns its path. -DNO_APPEND, -DNO_METRICS, -DNO_RING_METRIC and
// -DNO_PRE_REGISTER leave out what a Fluent Bit may lack.
func Build(dir string, flags ...string) (string, error) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return "", ErrNoCompiler
	}
	src, err := os.MkdirTemp(dir, "src")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(src, source); err != nil {
		return "", err
	}
	files, err := fs.Glob(os.DirFS(src), "src/*.c")
	if err != nil {
		return "", err
	}
	out := filepath.Join(src, "host")
	args := append([]string{"-std=gnu11", "-Wall", "-Werror", "-O2", "-g", "-rdynamic", "-o", out}, flags...)
	args = append(args, files...)
	args = append(args, "-ldl", "-lpthread", "-lm")
	return out, run(src, cc, args...)
}

// BuildPlugin builds the plugin into dir, with further build tags if there are
// any, and returns its path.
func BuildPlugin(dir string, tags ...string) (string, error) {
	if _, err := exec.LookPath("cc"); err != nil {
		return "", ErrNoCompiler
	}
	out := filepath.Join(dir, strings.Join(append([]string{"in_o365"}, tags...), "-")+".so")
	return out, run("", "go", "build", "-buildmode=c-shared", "-tags", strings.Join(append(tags, "netgo", "osusergo"), ","),
		"-trimpath", "-o", out, "github.com/fluent-bit-o365/fluent-bit-o365/plugin")
}

func run(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// Process is a running host.
type Process struct {
	cmd    *exec.Cmd
	log    output
	events output
	done   chan struct{}
}

// Start runs the host at path, or a Fluent Bit. env is added to the environment.
func Start(path string, env []string, args ...string) (*Process, error) {
	p := &Process{cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.events, &p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Stop asks the host to stop, as SIGTERM does with Fluent Bit, and returns its
// exit status: 0, 70 if the plugin did something that Fluent Bit forbids, 255
// if it did not start, -1 if it was killed by a signal.
func (p *Process) Stop() int { return p.end(syscall.SIGTERM) }

// Kill leaves the host no time for anything.
func (p *Process) Kill() int { return p.end(syscall.SIGKILL) }

func (p *Process) end(s os.Signal) int {
	p.Signal(s)
	return p.Wait()
}

// Wait waits for the host's own end, one minute at most.
func (p *Process) Wait() int {
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		p.Signal(syscall.SIGABRT)
		<-p.done
	}
	return p.cmd.ProcessState.ExitCode()
}

// Reload is a hot reload.
func (p *Process) Reload() { p.Signal(syscall.SIGHUP) }

// Signal sends a signal to the host.
func (p *Process) Signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// Log is what the host has written to its log so far, the plugin's lines
// among it.
func (p *Process) Log() string { return p.log.String() }

// Events is what the host has printed so far: stored records, a JSON object
// on each line.
func (p *Process) Events() string { return p.events.String() }

// WaitLog waits until the log holds text the given number of times.
func (p *Process) WaitLog(text string, times int, limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for strings.Count(p.Log(), text) < times {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
