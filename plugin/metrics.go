package main

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"time"
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
)

// publisher publishes an input's metrics among Fluent Bit's own. All series are
// created while Fluent Bit waits for the input to start, and none later: after
// the start its main thread reads the lists of series every second
// (flb_me_get_cmetrics, cmt_cat), in no version under a lock. From then on only
// values change, which cmetrics stores atomically.
type publisher struct {
	series  []series
	updated time.Time
	buckets metrics.Buckets // of the series being published, kept to spare an allocation
}

type series struct {
	*metrics.Series
	metric         unsafe.Pointer // a struct cmt_counter, cmt_gauge or cmt_histogram
	kind           C.int
	labels         **C.char // their values: the instance's name, then those of the series
	labelCount     C.int
	publishedValue float64
	publishedCount uint64 // of a histogram
}

// metricsInterval is how often the metrics are updated: as often as Fluent Bit
// reads them.
const metricsInterval = time.Second

// openMetrics publishes the series of source. It returns nil if Fluent Bit has
// no metrics.
func openMetrics(h *host, source *metrics.Set) *publisher {
	if h.metrics == nil || h.name == nil {
		return nil
	}
	name := C.GoString(h.name)
	m := &publisher{}
	all := source.Series()
	var last *metrics.Metric
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
		m.series = append(m.series, series{Series: s, metric: metric, kind: kind(s.Type), labels: cStrings(values), labelCount: C.int(len(values))})
	}
	for i := range m.series {
		m.publish(&m.series[i])
	}
	return m
}

func kind(t metrics.Type) C.int {
	switch t {
	case metrics.CounterType:
		return C.O365_COUNTER
	case metrics.GaugeType:
		return C.O365_GAUGE
	}
	return C.O365_HISTOGRAM
}

// newMetric creates a metric in Fluent Bit. It returns NULL if Fluent Bit cannot
// publish one of that kind.
func (h *host) newMetric(d *metrics.Metric) unsafe.Pointer {
	name, help := C.CString(d.Name), C.CString(d.Help)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(help))
	keys := append([]string{"name"}, d.Labels...)
	labels := cStrings(keys)
	defer freeCStrings(labels, len(keys))
	bounds := metrics.LagBounds
	return C.o365_metric(h.metrics, kind(d.Type), name, help, C.int(len(keys)), labels, (*C.double)(&bounds[0]), C.size_t(len(bounds)))
}

// update publishes the values that have changed, at most once in an interval.
func (m *publisher) update() {
	if m == nil || time.Since(m.updated) < metricsInterval {
		return
	}
	m.updated = time.Now()
	for i := range m.series {
		s := &m.series[i]
		if h := s.Histogram(); h != nil && h.Count() != s.publishedCount || h == nil && s.Value() != s.publishedValue {
			m.publish(s)
		}
	}
}

func (m *publisher) publish(s *series) {
	if h := s.Histogram(); h != nil {
		var sum float64
		m.buckets, sum = h.Read()
		s.publishedCount = m.buckets.Count()
		C.o365_histogram_set(s.metric, (*C.uint64_t)(&m.buckets[0]), C.double(sum), C.uint64_t(s.publishedCount), s.labelCount, s.labels)
		return
	}
	s.publishedValue = s.Value()
	C.o365_metric_set(s.metric, s.kind, C.double(s.publishedValue), s.labelCount, s.labels)
}

// close frees the labels. Fluent Bit frees the metrics with its instance.
func (m *publisher) close() {
	if m == nil {
		return
	}
	for _, s := range m.series {
		freeCStrings(s.labels, int(s.labelCount))
	}
	m.series = nil
}

// cStrings copies a list to C's memory. freeCStrings frees it.
func cStrings(list []string) **C.char {
	copied := (**C.char)(C.calloc(C.size_t(len(list)), C.size_t(unsafe.Sizeof((*C.char)(nil)))))
	elements := unsafe.Slice(copied, len(list))
	for i, text := range list {
		elements[i] = C.CString(text)
	}
	return copied
}

func freeCStrings(list **C.char, n int) {
	for _, text := range unsafe.Slice(list, n) {
		C.free(unsafe.Pointer(text))
	}
	C.free(unsafe.Pointer(list))
}
