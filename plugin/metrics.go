package main

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"time"
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
)

// metrics shows an input's counters in Fluent Bit's own metrics. All label sets
// are made while Fluent Bit waits for the input to start: later its main thread
// may be reading them, and older versions do not lock.
type metrics struct {
	source *o365.Input
	name   *C.char // label; the instance's
	series []series
	at     time.Time // of the last update
}

type series struct {
	counter             unsafe.Pointer
	tenant, contentType *C.char
	value               float64
}

// metricsInterval is how often the counters are brought up to date.
const metricsInterval = time.Second

// openMetrics returns nil if the host has no metrics.
func openMetrics(h *host, source *o365.Input) *metrics {
	name := C.o365_instance_name(h.instance)
	if h.metrics == nil || name == nil {
		return nil
	}
	m := &metrics{source: source, name: C.CString(C.GoString(name))}
	counters := make(map[string]unsafe.Pointer)
	source.Metrics(func(d health.Metric, tenant, contentType string, value float64) {
		counter, known := counters[d.Name]
		if !known {
			name, help := C.CString(d.Name), C.CString(d.Help)
			defer C.free(unsafe.Pointer(name))
			defer C.free(unsafe.Pointer(help))
			counter = C.o365_counter(h.metrics, name, help)
			counters[d.Name] = counter
		}
		s := series{counter: counter, tenant: C.CString(tenant), contentType: C.CString(contentType)}
		m.series = append(m.series, s)
		m.set(s, value)
	})
	return m
}

// update shows what has changed, at most once in an interval.
func (m *metrics) update() {
	if m == nil || time.Since(m.at) < metricsInterval {
		return
	}
	m.at = time.Now()
	i := 0
	m.source.Metrics(func(_ health.Metric, _, _ string, value float64) {
		if s := &m.series[i]; s.value != value {
			s.value = value
			m.set(*s, value)
		}
		i++
	})
}

func (m *metrics) set(s series, value float64) {
	if s.counter != nil {
		C.o365_counter_set(s.counter, C.double(value), m.name, s.tenant, s.contentType)
	}
}

// close frees the labels. The counters go with Fluent Bit's instance.
func (m *metrics) close() {
	if m == nil {
		return
	}
	for _, s := range m.series {
		C.free(unsafe.Pointer(s.tenant))
		C.free(unsafe.Pointer(s.contentType))
	}
	C.free(unsafe.Pointer(m.name))
	m.series = nil
}
