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
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
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
	*rig.Process
	output    string // file
	metrics   string // URL
	fluentBit bool
}

// run starts a command whose output goes to the process's file.
func (p *process) run(cmd *exec.Cmd) error {
	f, err := os.Create(p.output)
	if err != nil {
		return err
	}
	defer f.Close()
	cmd.Stdout, cmd.Stderr = f, f
	p.Process, err = rig.Start(cmd)
	return err
}

func (p *process) stop() { p.Stop(30 * time.Second) }

// tail is the end of what the host has printed.
func (p *process) tail() string {
	text, _ := os.ReadFile(p.output)
	lines := strings.SplitAfter(string(text), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "")
}

// hostTime is the CPU time of the host's threads: Fluent Bit's engine, which
// stores what is on the ring buffer, and the input's thread, which counts the
// events and copies them to the ring. What the plugin does in its callbacks is
// the least of it. Of test/host it is the main thread, which stores.
func (p *process) hostTime() (time.Duration, error) {
	files, err := filepath.Glob(p.Proc("task/*/stat"))
	if err != nil {
		return 0, err
	}
	var threads []rig.Thread
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		t, err := rig.ParseThread(string(text))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		threads = append(threads, t)
	}
	return p.hosts(threads), nil
}

// hosts sums up the threads of the host. Those that Go's runtime starts have
// the name of the thread that started them.
func (p *process) hosts(threads []rig.Thread) (sum time.Duration) {
	slices.SortFunc(threads, func(a, b rig.Thread) int { return cmp.Compare(a.ID, b.ID) })
	seen := false
	for _, t := range threads {
		switch {
		case !p.fluentBit && t.ID == p.ID(), p.fluentBit && t.Name == "flb-pipeline":
			sum += t.CPU
		case strings.HasPrefix(t.Name, "flb-in-") && !seen:
			sum += t.CPU
			seen = true
		}
	}
	return sum
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
