package rig

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Captured is a process whose output is kept in memory.
type Captured struct {
	*Process
	out, log output
}

// StartCaptured starts a program; env is added to the environment.
func StartCaptured(path string, env []string, args ...string) (*Captured, error) {
	c := &Captured{}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &c.out, &c.log
	var err error
	c.Process, err = Start(cmd)
	return c, err
}

// lastWait is how long the end of a process is waited for.
const lastWait = time.Minute

// Terminate asks the process to stop and returns its exit status: of test/host
// 0, 70 if the plugin did something that Fluent Bit forbids, 255 if it did not
// start.
func (c *Captured) Terminate() int { return c.Stop(lastWait) }

// End waits for the process's own end and returns its exit status.
func (c *Captured) End() int { return c.Wait(lastWait) }

// Reload is a hot reload.
func (c *Captured) Reload() { c.Signal(syscall.SIGHUP) }

// Log is what the process has written to its standard error so far.
func (c *Captured) Log() string { return c.log.String() }

// Output is what it has written to its standard output: of test/host the stored
// records, a JSON object on each line.
func (c *Captured) Output() string { return c.out.String() }

// WaitLog waits until the log holds text the given number of times.
func (c *Captured) WaitLog(text string, times int, limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for strings.Count(c.Log(), text) < times {
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
