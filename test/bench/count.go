package main

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// count is how many records the host has stored, and when the last of them was.
type count struct {
	records int
	at      time.Time
}

// interval is how long it takes for the host to have a new count.
func (r *run) interval() time.Duration {
	if r.fluentBit {
		return countInterval
	}
	return printInterval
}

// count is the host's latest count; of no records if it has not reported any.
func (r *run) count() count {
	if !r.fluentBit {
		return count{printed(r.Output()), time.Now()}
	}
	text, _ := rig.Get(r.metrics) // it fails until Fluent Bit listens
	return counted(string(text))
}

var counter = regexp.MustCompile(`(?m)^(\S+) fluentbit_input_records_total\{name="` + alias + `"\} = (\d+)$`)

// counted is the count in Fluent Bit's metrics as text, the one format that has
// the time at which each has changed. What Fluent Bit shows is up to a second old,
// that time is not.
func counted(metrics string) count {
	found := counter.FindStringSubmatch(metrics)
	if found == nil {
		return count{}
	}
	at, err := time.Parse(time.RFC3339Nano, found[1])
	if err != nil {
		return count{}
	}
	n, _ := strconv.Atoi(found[2])
	return count{n, at}
}

// printed is the last count that test/host has printed.
func printed(output string) int {
	output = output[:strings.LastIndexByte(output, '\n')+1]
	at := strings.LastIndex(output, alias+" ")
	if at < 0 {
		return 0
	}
	number, _, _ := strings.Cut(output[at+len(alias)+1:], "\n")
	n, _ := strconv.Atoi(number)
	return n
}
