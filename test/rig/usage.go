package rig

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// PeakRSS is the largest resident set size so far, in bytes
// (proc_pid_status(5)). It fails where there is no /proc.
func (p *Process) PeakRSS() (int64, error) { return p.status("VmHWM") }

// RSS is the resident set size now, in bytes. It fails where there is no /proc.
func (p *Process) RSS() (int64, error) { return p.status("VmRSS") }

// status is a field of /proc/ID/status that is in kB, in bytes.
func (p *Process) status(field string) (int64, error) {
	file := p.proc("status")
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), field+":")
	kb, err := strconv.ParseInt(strings.Fields(rest + " ?")[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("no %s in %s", field, file)
	}
	return kb << 10, nil
}

// Descriptors is how many files, sockets and the like the process has open. It
// fails where there is no /proc.
func (p *Process) Descriptors() (int, error) {
	entries, err := os.ReadDir(p.proc("fd"))
	return len(entries), err
}

// CPU is the processor time used so far, user and system. It fails where there
// is no /proc.
func (p *Process) CPU() (time.Duration, error) {
	text, err := os.ReadFile(p.proc("stat"))
	if err != nil {
		return 0, err
	}
	t, err := ParseThread(string(text))
	return t.CPU, err
}

// Threads are the threads that the process has now. It fails where there is no
// /proc.
func (p *Process) Threads() ([]Thread, error) {
	if _, err := os.Stat(p.proc("task")); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(p.proc("task/*/stat"))
	if err != nil {
		return nil, err
	}
	var threads []Thread
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		t, err := ParseThread(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		threads = append(threads, t)
	}
	return threads, nil
}

func (p *Process) proc(name string) string { return fmt.Sprintf("/proc/%d/%s", p.ID(), name) }

// ClockTick is the unit of times in /proc, on every Linux that Go runs on.
const ClockTick = 10 * time.Millisecond

// Thread is a thread or a whole process.
type Thread struct {
	ID   int
	Name string
	CPU  time.Duration // user and system
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
