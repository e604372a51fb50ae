package metrics

import (
	"reflect"
	"slices"
	"strings"
)

// Type is how a metric behaves, in Prometheus' terms.
type Type string

// The types.
const (
	CounterType   Type = "counter"
	GaugeType     Type = "gauge"
	HistogramType Type = "histogram"
)

// Metric is a declared metric. It has one series for each set of label values.
type Metric struct {
	Name   string // by Prometheus' conventions, without the prefix of the plugin
	Type   Type
	Labels []string // besides the name of the input
	Help   string   // in whole sentences

	fields []field
}

// field is where a metric's value is kept: a field of Stream or Tenant.
type field struct {
	index    int
	values   []string // of the further labels
	optional bool
}

// Series is a metric for one set of label values.
type Series struct {
	*Metric
	Values     []string // of Metric.Labels, in step
	instrument instrument
}

// Value returns the present value of a counter or gauge. It allocates nothing.
func (s *Series) Value() float64 { return s.instrument.value() }

// Histogram returns the counts of a series of that type, else nil.
func (s *Series) Histogram() *Histogram {
	h, _ := s.instrument.(*Histogram)
	return h
}

// All returns every metric, in the order of declaration: those of streams, then
// those of tenants.
func All() []*Metric { return append(streamMetrics(), tenantMetrics()...) }

func streamMetrics() []*Metric { return declared(reflect.TypeFor[Stream](), "tenant", "content_type") }

func tenantMetrics() []*Metric { return declared(reflect.TypeFor[Tenant](), "tenant") }

// declared reads the tags of a struct's fields. Fields without a name in their tag
// are not metrics.
func declared(of reflect.Type, labels ...string) []*Metric {
	var all []*Metric
	for i := range of.NumField() {
		f := of.Field(i)
		name, ok := f.Tag.Lookup("name")
		if !ok {
			continue
		}
		further, values := furtherLabels(f)
		if len(all) == 0 || all[len(all)-1].Name != name {
			all = append(all, &Metric{Name: name, Type: typeOf(f.Type), Labels: slices.Concat(labels, further), Help: f.Tag.Get("help")})
		}
		m := all[len(all)-1]
		m.fields = append(m.fields, field{i, values, f.Tag.Get("optional") == "true"})
	}
	return all
}

// furtherLabels are the names of the labels that a field adds, and their values if
// the field is one series.
func furtherLabels(f reflect.StructField) (names, values []string) {
	if f.Type == reflect.TypeFor[requestCounters]() {
		return requestLabels, nil
	}
	if name, value, ok := strings.Cut(f.Tag.Get("label"), "="); ok {
		return []string{name}, []string{value}
	}
	return nil, nil
}

func typeOf(f reflect.Type) Type {
	switch f {
	case reflect.TypeFor[Counter](), reflect.TypeFor[requestCounters]():
		return CounterType
	case reflect.TypeFor[Histogram]():
		return HistogramType
	}
	return GaugeType
}

// Series returns all series: those of a metric together, in the order of
// declaration, and within it in that of the options. What publishes them calls it
// once, when everything that has to be set is set.
func (s *Set) Series() []Series {
	var all []Series
	for _, m := range streamMetrics() {
		for _, stream := range s.Streams() {
			all = m.appendSeries(all, reflect.ValueOf(stream).Elem(), stream.id.Tenant, stream.id.ContentType)
		}
	}
	for _, m := range tenantMetrics() {
		for _, tenant := range s.tenants {
			all = m.appendSeries(all, reflect.ValueOf(tenant).Elem(), tenant.name)
		}
	}
	return all
}

// appendSeries appends the series of a metric whose values are in the struct of.
func (m *Metric) appendSeries(all []Series, of reflect.Value, values ...string) []Series {
	add := func(i instrument, further ...string) {
		all = append(all, Series{m, slices.Concat(values, further), i})
	}
	for _, f := range m.fields {
		switch kept := of.Field(f.index).Addr().Interface().(type) {
		case *requestCounters:
			kept.each(func(operation, code string, c *Counter) { add(c, operation, code) })
		case instrument:
			if isSet(kept) && !(f.optional && kept.value() == 0) {
				add(kept, f.values...)
			}
		}
	}
	return all
}

// isSet reports whether an instrument can be read.
func isSet(i instrument) bool {
	switch f := i.(type) {
	case *GaugeFunc:
		return *f != nil
	case *TimeFunc:
		return *f != nil
	}
	return true
}
