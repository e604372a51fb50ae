package handover

import (
	"strings"
	"time"
)

// Chunks are what Fluent Bit holds of an input for its outputs, as it counts them every
// five seconds (src/flb_storage.c, metrics_append_input).
type Chunks struct {
	Count int64
	At    time.Time // when they were counted
}

// storageChunks is a metric of src/flb_input.c, flb_input_instance_init. It is there
// where the section SERVICE has storage.metrics, which is the default of 5.1.
const storageChunks = "fluentbit_input_storage_chunks"

// ParseChunks reads the metrics of one input, as [ParseCounters] does. It returns false
// if chunks are not counted.
func ParseChunks(text string) (c Chunks, ok bool) {
	for line := range strings.Lines(text) {
		name, value, valid := parseMetric(line)
		if !valid || name != storageChunks {
			continue
		}
		stamp, _, _ := strings.Cut(line, " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		return Chunks{value, at}, err == nil
	}
	return Chunks{}, false
}
