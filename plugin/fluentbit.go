package main

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"time"
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/handover"
)

// host is Fluent Bit as one instance sees it. Only level may be called on
// another thread than the instance's.
type host struct {
	api      unsafe.Pointer
	instance unsafe.Pointer
	metrics  unsafe.Pointer // the instance's struct cmt; NULL if Fluent Bit has no metrics
	counters C.struct_o365_counters
	values   struct{ records, bytes, ring C.double } // results of readCounters, kept to spare an allocation
	name     *C.char                                 // of the instance, o365.0 or its alias; kept by Fluent Bit
	prefix   string                                  // of log lines, as Fluent Bit's own inputs have it
	disk     handover.Disk
	inputs   func() int // the number of this plugin's inputs, which may share the disk
}

// newHost copies what p, the argument of FLBPluginInit, points to: Fluent Bit
// overwrites it for the next instance (src/proxy/go/go.c,
// proxy_go_input_init).
func newHost(p unsafe.Pointer, inputs func() int) *host {
	h := &host{
		api:      C.o365_plugin_api(p),
		instance: C.o365_plugin_instance(p),
		prefix:   "[input:o365] ",
		inputs:   inputs,
	}
	h.metrics = C.o365_metrics(h.instance)
	if h.name = C.o365_instance_name(h.instance); h.name != nil {
		h.prefix = "[input:o365:" + C.GoString(h.name) + "] "
	}
	if h.metrics != nil && h.name != nil {
		C.o365_counters_find(h.metrics, &h.counters)
	}
	return h
}

// CanAppend reports whether Fluent Bit exports flb_input_log_append_records
// (include/fluent-bit/flb_input_log.h).
func (h *host) CanAppend() bool { return C.o365_can_append() != 0 }

// Append is documented at handover.Host. The tag and the events are copied
// (src/flb_input_chunk.c, append_to_ring_buffer).
func (h *host) Append(tag string, events []byte, records int) bool {
	return C.o365_append(h.instance,
		(*C.char)(unsafe.Pointer(unsafe.StringData(tag))), C.size_t(len(tag)),
		unsafe.Pointer(unsafe.SliceData(events)), C.size_t(len(events)), C.size_t(records)) == 0
}

// Free is documented at handover.Host.
func (h *host) Free() (bytes int64, ok bool) { return h.disk.Free(time.Now(), h.inputs()) }

// level returns the section's log_level, which never changes.
func (h *host) level() logging.Level {
	for l := logging.Debug; l > logging.Error; l-- {
		if C.o365_log_check(h.api, h.instance, C.int(l)) != 0 {
			return l
		}
	}
	return logging.Error
}

// Print writes a line to Fluent Bit's log.
func (h *host) Print(level logging.Level, line string) {
	text := C.CString(h.prefix + line)
	defer C.free(unsafe.Pointer(text))
	C.o365_log(h.api, C.int(level), text)
}
