package delivery

import (
	"math"
	"strconv"
	"strings"
)

// Counters are an input's own metrics.
type Counters struct {
	Load
	RingWrites int64
	HasRing    bool // the host counts ring writes (4.1 and later)
}

// The metrics' names: src/flb_input.c, flb_input_instance_init.
const (
	recordsTotal    = "fluentbit_input_records_total"
	bytesTotal      = "fluentbit_input_bytes_total"
	ringWritesTotal = "fluentbit_input_ring_buffer_writes_total"
)

// ParseCounters reads the metrics of one input as cmt_encode_text_create
// (lib/cmetrics/src/cmt_encode_text.c) writes them, one a line:
//
//	2026-08-21T10:00:00.000000000Z fluentbit_input_records_total{name="o365.0"} = 12
//
// It reports false unless both records and bytes are there.
func ParseCounters(text string) (c Counters, ok bool) {
	var records, bytes bool
	for line := range strings.Lines(text) {
		name, value, good := metric(line)
		if !good {
			continue
		}
		switch name {
		case recordsTotal:
			c.Records, records = value, true
		case bytesTotal:
			c.Bytes, bytes = value, true
		case ringWritesTotal:
			c.RingWrites, c.HasRing = value, true
		}
	}
	return c, records && bytes
}

// metric splits a line into the metric's name and its value. An instance's
// alias, which may hold anything, stands between them.
func metric(line string) (name string, value int64, ok bool) {
	_, rest, ok := strings.Cut(line, " ")
	at := strings.LastIndex(rest, " = ")
	if !ok || at < 0 {
		return "", 0, false
	}
	name = rest[:at]
	if end := strings.IndexByte(name, '{'); end >= 0 {
		name = name[:end]
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(rest[at+3:]), 64)
	if err != nil || f < 0 || f > math.MaxInt64/2 || f != math.Trunc(f) {
		return "", 0, false
	}
	return name, int64(f), true
}
