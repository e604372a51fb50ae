package main

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"time"
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/handover"
)

// host is Fluent Bit as one instance sees it. Only level may be called on
// another thread than the instance's.
type host struct {
	api      unsafe.Pointer
	instance unsafe.Pointer
	metrics  unsafe.Pointer // NULL without metrics
	counters C.struct_o365_counters
	name     *C.char // the label of the counters; the instance's, kept by the host
	prefix   string  // of log lines, as Fluent Bit's own inputs have it
	disk     handover.Disk
	inputs   func() int                              // of this plugin, which may share the disk
	values   struct{ records, bytes, ring C.double } // of read, to spare an allocation
}

// newHost copies what FLBPluginInit is given: p is overwritten for the next
// instance.
func newHost(p unsafe.Pointer) *host {
	h := &host{
		api:      C.o365_plugin_api(p),
		instance: C.o365_plugin_instance(p),
		prefix:   "[input:o365] ",
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

// level is the section's log_level, which never changes.
func (h *host) level() health.Level {
	for l := health.Debug; l > health.Error; l-- {
		if C.o365_log_check(h.api, h.instance, C.int(l)) != 0 {
			return l
		}
	}
	return health.Error
}

func (h *host) Print(level health.Level, line string) {
	text := C.CString(h.prefix + line)
	defer C.free(unsafe.Pointer(text))
	C.o365_log(h.api, C.int(level), text)
}

func (h *host) Counters() (handover.Counters, bool) {
	switch {
	case h.metrics == nil:
		return handover.Counters{}, false
	case h.readsCounters():
		return h.read()
	}
	text := C.o365_metrics_text(h.metrics)
	if text == nil {
		return handover.Counters{}, false
	}
	defer C.o365_metrics_free(text)
	return handover.ParseCounters(C.GoString(text))
}

// readsCounters reports whether the counters can be read one by one.
func (h *host) readsCounters() bool { return h.counters.records != nil && h.counters.bytes != nil }

// read is Counters where they need not be looked for in the text of all
// metrics.
func (h *host) read() (c handover.Counters, ok bool) {
	v := &h.values
	if C.o365_counters_read(&h.counters, h.name, &v.records, &v.bytes, &v.ring) != 0 {
		return c, false
	}
	c.Records, c.Bytes = int64(v.records), int64(v.bytes)
	c.RingWrites, c.HasRing = int64(v.ring), h.counters.ring_writes != nil
	return c, true
}

func (h *host) Free() (bytes int64, ok bool) { return h.disk.Free(time.Now(), h.inputs()) }

func (h *host) CanAppend() bool { return C.o365_can_append() != 0 }

func (h *host) Append(tag string, events []byte, records int) bool {
	return C.o365_append(h.instance,
		(*C.char)(unsafe.Pointer(unsafe.StringData(tag))), C.size_t(len(tag)),
		unsafe.Pointer(unsafe.SliceData(events)), C.size_t(len(events)), C.size_t(records)) == 0
}
