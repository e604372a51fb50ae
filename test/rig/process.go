package rig

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process is a program that is running or has ended. It ends with this one,
// however this one ends.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// Start starts a command. Ctrl-C at the terminal is not for it.
func Start(cmd *exec.Cmd) (*Process, error) {
	tie(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// ID is the process's id.
func (p *Process) ID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
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

// Kill leaves the process no time for anything.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
}

// Stop ends the process as a service manager does; see Wait.
func (p *Process) Stop(limit time.Duration) (status int) {
	p.Signal(syscall.SIGTERM)
	return p.Wait(limit)
}

// Wait waits for the process's own end, and kills it if that does not come in
// time. It returns the exit status, -1 if the process was killed.
func (p *Process) Wait(limit time.Duration) (status int) {
	select {
	case <-p.done:
	case <-time.After(limit):
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

// Peak is the largest resident size so far, in bytes (proc_pid_status(5)).
func (p *Process) Peak() (int64, error) { return p.size("VmHWM:") }

// Resident is the resident size now, in bytes.
func (p *Process) Resident() (int64, error) { return p.size("VmRSS:") }

func (p *Process) size(name string) (int64, error) {
	text, err := os.ReadFile(p.Proc("status"))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), name)
	kb, err := strconv.ParseInt(strings.Fields(rest + " ?")[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("no %s in %s", name, p.Proc("status"))
	}
	return kb << 10, nil
}

// ClockTick is the unit of times in /proc, on every Linux that Go runs on.
const ClockTick = 10 * time.Millisecond

// CPU is the processor time used so far, user and system.
func (p *Process) CPU() (time.Duration, error) {
	text, err := os.ReadFile(p.Proc("stat"))
	if err != nil {
		return 0, err
	}
	t, err := ParseThread(string(text))
	return t.CPU, err
}

// Threads is how many threads the process has.
func (p *Process) Threads() (int, error) {
	tasks, err := os.ReadDir(p.Proc("task"))
	return len(tasks), err
}

// Proc is the path of one of the process's files in /proc.
func (p *Process) Proc(name string) string { return fmt.Sprintf("/proc/%d/%s", p.ID(), name) }

// Thread is a thread or a whole process.
type Thread struct {
	ID   int
	Name string
	CPU  time.Duration
}

// ParseThread reads a line of /proc/ID/stat or /proc/ID/task/ID/stat: ID (NAME)
// STATE ..., of which user and system time are fields 14 and 15
// (proc_pid_stat(5)).
func ParseThread(line string) (Thread, error) {
	number, rest, _ := strings.Cut(line, " (")
	end := strings.LastIndex(rest, ") ")
	if end < 0 {
		return Thread{}, fmt.Errorf("no name in %q", line)
	}
	fields := strings.Fields(rest[end+2:])
	if len(fields) < 13 {
		return Thread{}, fmt.Errorf("too short: %q", line)
	}
	var n [3]int
	for i, text := range []string{number, fields[11], fields[12]} {
		var err error
		if n[i], err = strconv.Atoi(text); err != nil {
			return Thread{}, fmt.Errorf("%q: %w", line, err)
		}
	}
	return Thread{n[0], rest[:end], time.Duration(n[1]+n[2]) * ClockTick}, nil
}
