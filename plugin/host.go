package main

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/delivery"
)

// host is Fluent Bit as one instance sees it. Only level may be called on
// another thread than the instance's.
type host struct {
	api      unsafe.Pointer
	instance unsafe.Pointer
	metrics  unsafe.Pointer // NULL without metrics
	prefix   string         // of log lines, as Fluent Bit's own inputs have it
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
	if name := C.o365_instance_name(h.instance); name != nil {
		h.prefix = "[input:o365:" + C.GoString(name) + "] "
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

func (h *host) Counters() (delivery.Counters, bool) {
	if h.metrics == nil {
		return delivery.Counters{}, false
	}
	text := C.o365_metrics_text(h.metrics)
	if text == nil {
		return delivery.Counters{}, false
	}
	defer C.o365_metrics_free(text)
	return delivery.ParseCounters(C.GoString(text))
}

func (h *host) CanAppend() bool { return C.o365_can_append() != 0 }

func (h *host) Append(tag string, events []byte) bool {
	return C.o365_append(h.instance,
		(*C.char)(unsafe.Pointer(unsafe.StringData(tag))), C.size_t(len(tag)),
		unsafe.Pointer(unsafe.SliceData(events)), C.size_t(len(events))) == 0
}
