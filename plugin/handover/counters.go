package handover

import (
	"math"
	"strconv"
	"strings"
)

// Amount is how many records a batch has and how long they are, or how far
// Fluent Bit's counters have moved.
type Amount struct {
	Records int64
	Bytes   int64 // of MessagePack
}

func (a Amount) plus(b Amount) Amount  { return Amount{a.Records + b.Records, a.Bytes + b.Bytes} }
func (a Amount) minus(b Amount) Amount { return Amount{a.Records - b.Records, a.Bytes - b.Bytes} }

// Counters are the counters that Fluent Bit keeps for an input, all of them
// since the start of the process or its last reload.
type Counters struct {
	Amount           // written to chunks, or about to be (src/flb_input_chunk.c, input_chunk_append_raw)
	RingWrites int64 // batches put on the ring buffer between the input's thread and the main one
	HasRing    bool  // RingWrites is counted: Fluent Bit 4.1 and later
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
// It returns false unless both records and bytes are there.
func ParseCounters(text string) (c Counters, ok bool) {
	var records, bytes bool
	for line := range strings.Lines(text) {
		name, value, valid := parseMetric(line)
		if !valid {
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

// parseMetric splits a line into the metric's name and its value. An instance's
// alias, which may hold anything, stands between them.
func parseMetric(line string) (name string, value int64, ok bool) {
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
