package rig

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Process is a program that is running or has ended. It ends with this one,
// however this one ends.
type Process struct {
	cmd      *exec.Cmd
	done     chan struct{}
	out, log *Text // nil: the caller's writer gets it
}

// Start starts a command, which Ctrl-C at the terminal does not reach. What it
// writes is kept in memory, see Output and Log, unless the command has writers
// already; one of them may be a Text that several processes share.
func Start(cmd *exec.Cmd) (*Process, error) {
	tie(cmd)
	if cmd.Stdout == nil {
		cmd.Stdout = new(Text)
	}
	if cmd.Stderr == nil {
		cmd.Stderr = new(Text)
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	p.out, _ = cmd.Stdout.(*Text)
	p.log, _ = cmd.Stderr.(*Text)
	go func() {
		_ = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// ID is the process's id.
func (p *Process) ID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended and all its output has been read.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running reports whether the process has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Signal sends a signal.
func (p *Process) Signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// Reload asks a host for a hot reload.
func (p *Process) Reload() { p.Signal(syscall.SIGHUP) }

// Kill ends the process at once, with SIGKILL, and waits for its end.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
}

// Stop ends the process as a service manager does, with SIGTERM; see Wait.
func (p *Process) Stop(limit time.Duration) (status int) {
	p.Signal(syscall.SIGTERM)
	return p.Wait(limit)
}

// Wait waits until the process ends by itself, and kills it when it has logged
// nothing for so long. It returns the exit status, -1 if the process was killed.
// That of test/host is 0, 70 if the plugin did something that Fluent Bit forbids, 255
// if it did not start.
func (p *Process) Wait(quiet time.Duration) (status int) {
	if Await("the end of the process", quiet, func() bool { return !p.Running() }, p.log.Len) != nil {
		p.Kill()
	}
	return p.cmd.ProcessState.ExitCode()
}

// State is how the process has ended; nil while it runs.
func (p *Process) State() *os.ProcessState {
	if p.Running() {
		return nil
	}
	return p.cmd.ProcessState
}

// Output is what the process has written to its standard output so far: of
// test/host the stored records, a JSON object on each line.
func (p *Process) Output() string { return p.out.String() }

// Log is what the process has written to its standard error so far.
func (p *Process) Log() string { return p.log.String() }

// LogTail is the end of the log.
func (p *Process) LogTail() string { return "the end of the log:\n" + p.log.Tail() }

// AwaitLog waits until the log contains text the given number of times. It gives
// up when the log has not grown for so long, or when the process has ended.
func (p *Process) AwaitLog(text string, times int, quiet time.Duration) error {
	count := func() int { return strings.Count(p.Log(), text) }
	err := Await(fmt.Sprintf("%d times %q in the log", times, text), quiet, func() bool {
		ended := !p.Running() // before the log is read, which is whole by then
		return count() >= times || ended
	}, p.log.Len)
	if n := count(); err == nil && n < times {
		err = fmt.Errorf("awaited: %d times %q in the log; the process has ended (%v) with %d", times, text, p.State(), n)
	}
	return err
}

// WaitLog reports whether AwaitLog succeeds.
func (p *Process) WaitLog(text string, times int, quiet time.Duration) bool {
	return p.AwaitLog(text, times, quiet) == nil
}
