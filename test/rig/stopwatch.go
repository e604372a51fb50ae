package rig

import (
	"os"
	"regexp"
	"strconv"
	"time"
)

// Stopwatch measures how long something takes. A busy machine makes everything
// take longer; Free leaves that out.
type Stopwatch struct {
	begun   time.Time
	stalled time.Duration
	known   bool
}

// StartStopwatch begins to measure.
func StartStopwatch() Stopwatch {
	stalled, known := stalled()
	return Stopwatch{time.Now(), stalled, known}
}

// Elapsed is the time since the start.
func (w Stopwatch) Elapsed() time.Duration { return time.Since(w.begun).Round(time.Millisecond) }

// Free is the part of Elapsed in which no process on this machine was held up for want
// of a processor, of memory or of a disk: what took that long waited for something
// else. It is zero where the system does not say so.
func (w Stopwatch) Free() time.Duration {
	now, known := stalled()
	if !w.known || !known {
		return 0
	}
	return max(0, w.Elapsed()-(now-w.stalled))
}

var pressure = regexp.MustCompile(`some .* total=(\d+)`)

// stalled is the time in which some process was held up, since the machine
// was started (Linux, Documentation/accounting/psi.rst).
func stalled() (sum time.Duration, known bool) {
	for _, resource := range []string{"cpu", "memory", "io"} {
		text, err := os.ReadFile("/proc/pressure/" + resource)
		if err != nil {
			return 0, false
		}
		match := pressure.FindSubmatch(text)
		if match == nil {
			return 0, false
		}
		microseconds, err := strconv.ParseInt(string(match[1]), 10, 64)
		if err != nil {
			return 0, false
		}
		sum += time.Duration(microseconds) * time.Microsecond
	}
	return sum, true
}
