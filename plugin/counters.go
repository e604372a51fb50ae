package main

// #include "shim.h"
import "C"

import "github.com/fluent-bit-o365/fluent-bit-o365/plugin/handover"

// Counters returns Fluent Bit's counters of the input: one by one if their
// layout is known (counters.c), or parsed from the text of all its metrics.
func (h *host) Counters() (handover.Counters, bool) {
	switch {
	case h.metrics == nil:
		return handover.Counters{}, false
	case h.countersFound():
		return h.readCounters()
	}
	text := C.o365_metrics_text(h.metrics)
	if text == nil {
		return handover.Counters{}, false
	}
	defer C.o365_metrics_free(text)
	return handover.ParseCounters(C.GoString(text))
}

// countersFound reports whether the counters can be read one by one.
func (h *host) countersFound() bool { return h.counters.records != nil && h.counters.bytes != nil }

func (h *host) readCounters() (c handover.Counters, ok bool) {
	v := &h.values
	if C.o365_counters_read(&h.counters, h.name, &v.records, &v.bytes, &v.ring) != 0 {
		return c, false
	}
	c.Records, c.Bytes = int64(v.records), int64(v.bytes)
	c.RingWrites, c.HasRing = int64(v.ring), h.counters.ring_writes != nil
	return c, true
}
