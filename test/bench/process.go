package main

import (
	"bytes"
	"cmp"
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
	host    time.Duration // of that, in the thread of the host's that stores and flushes
	peak    int64         // bytes resident
}

// median is the run with the median CPU time.
func median(all []usage) usage {
	slices.SortFunc(all, func(a, b usage) int { return cmp.Compare(a.cpu, b.cpu) })
	return all[len(all)/2]
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

// engineTime is the CPU time of the thread that takes batches from the ring
// buffer and stores them: Fluent Bit's engine, which is the main thread of
// test/host. The copy that the host makes for the ring is not in it.
func (p *process) engineTime() (time.Duration, error) {
	files, err := filepath.Glob(p.proc("task/*/stat"))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		// PID (NAME) STATE ..., user and system time are fields 14 and 15.
		id, rest, _ := strings.Cut(string(text), " (")
		end := strings.LastIndex(rest, ") ")
		if end < 0 {
			return 0, fmt.Errorf("%s: %q", file, text)
		}
		name, fields := rest[:end], strings.Fields(rest[end+2:])
		if p.fluentBit && name != "flb-pipeline" || !p.fluentBit && id != strconv.Itoa(p.cmd.Process.Pid) || len(fields) < 13 {
			continue
		}
		for _, f := range fields[11:13] {
			n, err := strconv.Atoi(f)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", file, err)
			}
			sum += time.Duration(n) * clockTick
		}
	}
	return sum, nil
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
