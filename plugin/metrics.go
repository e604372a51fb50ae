package main

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"time"
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
)

// metrics shows an input's numbers among Fluent Bit's own. All series are made
// while Fluent Bit waits for the input to start, and there is none later: once
// started, its main thread walks the lists of them every second
// (flb_me_get_cmetrics, cmt_cat), in no version under a lock. Only values change
// then, which cmetrics stores atomically.
type metrics struct {
	series  []series
	at      time.Time // of the last update
	buckets health.Buckets
}

type series struct {
	*health.Series
	metric unsafe.Pointer
	kind   C.int
	labels **C.char // their values: the instance's name, then those of the series
	n      C.int
	shown  float64
	count  uint64 // of a histogram, shown
}

// metricsInterval is how often the metrics are brought up to date: as often as
// Fluent Bit looks at them.
const metricsInterval = time.Second

// openMetrics returns nil if the host has no metrics.
func openMetrics(h *host, source *health.Metrics) *metrics {
	if h.metrics == nil || h.name == nil {
		return nil
	}
	name := C.GoString(h.name)
	m := &metrics{}
	all := source.Series()
	var last *health.Metric
	var metric unsafe.Pointer
	for i := range all {
		s := &all[i]
		if s.Metric != last {
			last, metric = s.Metric, h.newMetric(s.Metric)
		}
		if metric == nil {
			continue
		}
		values := append([]string{name}, s.Values...)
		shown := series{Series: s, metric: metric, kind: kind(s.Type), labels: texts(values), n: C.int(len(values))}
		m.series = append(m.series, shown)
	}
	for i := range m.series {
		m.show(&m.series[i])
	}
	return m
}

func kind(t health.Type) C.int {
	switch t {
	case health.CounterType:
		return C.O365_COUNTER
	case health.GaugeType:
		return C.O365_GAUGE
	}
	return C.O365_HISTOGRAM
}

// newMetric declares a metric to the host. NULL: it has none of the kind.
func (h *host) newMetric(d *health.Metric) unsafe.Pointer {
	name, help := C.CString(d.Name), C.CString(d.Help)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(help))
	keys := append([]string{"name"}, d.Labels...)
	labels := texts(keys)
	defer free(labels, len(keys))
	bounds := health.LagBounds
	return C.o365_metric(h.metrics, kind(d.Type), name, help, C.int(len(keys)), labels, (*C.double)(&bounds[0]), C.size_t(len(bounds)))
}

// update shows what has changed, at most once in an interval.
func (m *metrics) update() {
	if m == nil || time.Since(m.at) < metricsInterval {
		return
	}
	m.at = time.Now()
	for i := range m.series {
		s := &m.series[i]
		if h := s.Histogram(); h != nil && h.Count() != s.count || h == nil && s.Value() != s.shown {
			m.show(s)
		}
	}
}

func (m *metrics) show(s *series) {
	if h := s.Histogram(); h != nil {
		var sum float64
		m.buckets, sum = h.Read()
		s.count = m.buckets.Count()
		C.o365_histogram_set(s.metric, (*C.uint64_t)(&m.buckets[0]), C.double(sum), C.uint64_t(s.count), s.n, s.labels)
		return
	}
	s.shown = s.Value()
	C.o365_metric_set(s.metric, s.kind, C.double(s.shown), s.n, s.labels)
}

// close frees the labels. The metrics go with Fluent Bit's instance.
func (m *metrics) close() {
	if m == nil {
		return
	}
	for _, s := range m.series {
		free(s.labels, int(s.n))
	}
	m.series = nil
}

// texts copies a list to C's memory.
func texts(list []string) **C.char {
	copied := (**C.char)(C.calloc(C.size_t(len(list)), C.size_t(unsafe.Sizeof((*C.char)(nil)))))
	places := unsafe.Slice(copied, len(list))
	for i, text := range list {
		places[i] = C.CString(text)
	}
	return copied
}

func free(list **C.char, n int) {
	for _, text := range unsafe.Slice(list, n) {
		C.free(unsafe.Pointer(text))
	}
	C.free(unsafe.Pointer(list))
}
