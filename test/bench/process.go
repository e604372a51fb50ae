package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is what a run has taken.
type usage struct {
	records int
	wall    time.Duration // until the host had all records
	cpu     time.Duration // user and system time of the process, to its end
	host    time.Duration // of that, in the host's own threads
	peak    int64         // bytes resident
}

// process is a running host.
type process struct {
	cmd       *exec.Cmd
	output    string // file
	metrics   string // URL
	fluentBit bool
	ended     chan struct{}
}

func (p *process) start() error {
	f, err := os.Create(p.output)
	if err != nil {
		return err
	}
	defer f.Close()
	p.cmd.Stdout, p.cmd.Stderr = f, f
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	return nil
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// tail is the end of what the host has printed.
func (p *process) tail() string {
	text, _ := os.ReadFile(p.output)
	lines := strings.SplitAfter(string(text), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "")
}

func (p *process) proc(name string) string {
	return filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), name)
}

// peak is the largest resident size so far.
func (p *process) peak() (int64, error) {
	text, err := os.ReadFile(p.proc("status"))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kb, err := strconv.ParseInt(strings.Fields(rest + " ?")[0], 10, 64)
	return kb << 10, err
}

// clockTick is the unit of times in /proc, on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// hostTime is the CPU time of the host's threads: Fluent Bit's engine, which
// stores what is on the ring buffer, and the input's thread, which counts the
// events and copies them to the ring. What the plugin does in its callbacks is
// the least of it. Of test/host it is the main thread, which stores.
func (p *process) hostTime() (time.Duration, error) {
	files, err := filepath.Glob(p.proc("task/*/stat"))
	if err != nil {
		return 0, err
	}
	var threads []thread
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		t, err := parseThread(string(text))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		threads = append(threads, t)
	}
	return p.hosts(threads), nil
}

// hosts sums up the threads of the host. Those that Go's runtime starts have
// the name of the thread that started them.
func (p *process) hosts(threads []thread) (sum time.Duration) {
	slices.SortFunc(threads, func(a, b thread) int { return cmp.Compare(a.id, b.id) })
	seen := false
	for _, t := range threads {
		switch {
		case !p.fluentBit && t.id == p.cmd.Process.Pid, p.fluentBit && t.name == "flb-pipeline":
			sum += t.cpu
		case strings.HasPrefix(t.name, "flb-in-") && !seen:
			sum += t.cpu
			seen = true
		}
	}
	return sum
}

type thread struct {
	id   int
	name string
	cpu  time.Duration
}

// parseThread reads a line of /proc: ID (NAME) STATE ..., user and system time
// are fields 14 and 15.
func parseThread(line string) (thread, error) {
	number, rest, _ := strings.Cut(line, " (")
	end := strings.LastIndex(rest, ") ")
	if end < 0 {
		return thread{}, fmt.Errorf("no name in %q", line)
	}
	fields := strings.Fields(rest[end+2:])
	if len(fields) < 13 {
		return thread{}, fmt.Errorf("too short: %q", line)
	}
	id, err := strconv.Atoi(number)
	user, err2 := strconv.Atoi(fields[11])
	system, err3 := strconv.Atoi(fields[12])
	return thread{id, rest[:end], time.Duration(user+system) * clockTick}, errors.Join(err, err2, err3)
}

// machine describes what all this runs on.
func machine() string {
	cpu, _ := os.ReadFile("/proc/cpuinfo")
	_, model, _ := bytes.Cut(cpu, []byte("model name\t: "))
	model, _, _ = bytes.Cut(model, []byte("\n"))
	memory, _ := os.ReadFile("/proc/meminfo")
	kb, _ := strconv.Atoi(strings.Fields(string(memory) + " ? ?")[1])
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("%d x %s, %.0f GB, load %s", strings.Count(string(cpu), "processor\t"), model, float64(kb)/1e6, strings.Fields(string(load) + " ?")[0])
}
