package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// usage is what a run has used.
type usage struct {
	records int
	wall    time.Duration // until the host had all records
	cpu     time.Duration // user and system time of the process, to its end
	host    time.Duration // of that, in the host's own threads
	peak    int64         // bytes resident
}

// hostTime is the CPU time of the host's threads: Fluent Bit's engine, which
// stores what is on the ring buffer, and the input's thread, which counts the
// events and copies them to the ring. What the plugin does in its callbacks is
// the least of it. Of test/host it is the main thread, which stores.
func (r *run) hostTime() (time.Duration, error) {
	threads, err := r.Threads()
	return r.sumHost(threads), err
}

// sumHost sums up the threads of the host. Those that Go's runtime starts have
// the name of the thread that started them.
func (r *run) sumHost(threads []rig.Thread) (sum time.Duration) {
	slices.SortFunc(threads, func(a, b rig.Thread) int { return cmp.Compare(a.ID, b.ID) })
	seen := false
	for _, t := range threads {
		switch {
		case !r.fluentBit && t.ID == r.ID(), r.fluentBit && t.Name == "flb-pipeline":
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
