package metrics

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Set has the metrics of an input. Its tenants and streams are fixed from the start:
// what publishes the series does so once, and an alert rule finds a series before
// anything has happened.
type Set struct {
	tenants []*Tenant // in the order of the options
}

// New returns the metrics of these tenants, each with these content types.
func New(tenants, contentTypes []string) *Set {
	s := &Set{}
	for _, name := range tenants {
		t := &Tenant{name: name, Requests: newRequestCounters()}
		for _, contentType := range contentTypes {
			stream := &Stream{id: source.Stream{Tenant: name, ContentType: contentType}}
			stream.LagSeconds = func() float64 { return float64(stream.Lag(t.Clock.Now()) / time.Second) }
			t.streams = append(t.streams, stream)
		}
		s.tenants = append(s.tenants, t)
	}
	return s
}

// Tenant returns the metrics of a tenant, or nil if it is none of the input's.
func (s *Set) Tenant(name string) *Tenant {
	for _, t := range s.tenants {
		if t.name == name {
			return t
		}
	}
	return nil
}

// Stream returns the metrics of a stream, or nil if it is none of the input's.
func (s *Set) Stream(tenant, contentType string) *Stream {
	if t := s.Tenant(tenant); t != nil {
		return t.Stream(contentType)
	}
	return nil
}

// Tenants returns the names of the tenants, in the order of the options.
func (s *Set) Tenants() []string {
	var all []string
	for _, t := range s.tenants {
		all = append(all, t.name)
	}
	return all
}

// Streams returns the metrics of all streams, in the order of the options.
func (s *Set) Streams() []*Stream {
	var all []*Stream
	for _, t := range s.tenants {
		all = append(all, t.streams...)
	}
	return all
}

// StreamIDs returns the streams themselves, in the order of the options.
func (s *Set) StreamIDs() []source.Stream {
	var all []source.Stream
	for _, stream := range s.Streams() {
		all = append(all, stream.id)
	}
	return all
}

// Sum returns the sum of a counter over all streams.
func (s *Set) Sum(counter func(*Stream) *Counter) (n int64) {
	for _, stream := range s.Streams() {
		n += counter(stream).Load()
	}
	return n
}

// ServiceTime returns the earliest of the service's times of the tenants. Before any of
// them is known it is this machine's time.
func (s *Set) ServiceTime() (at time.Time, known bool) {
	now := time.Now()
	at = now.Round(0)
	for _, t := range s.tenants {
		if t.Clock.moment.Load() == nil {
			continue
		}
		if service := t.Clock.at(now); !known || service.Before(at) {
			at, known = service, true
		}
	}
	return at, known
}

// EarliestNow returns the earliest of this machine's time and the service's time of
// each tenant. Content that has not expired by any of these clocks may still be
// available.
func (s *Set) EarliestNow() time.Time {
	now := time.Now().Round(0)
	if at, known := s.ServiceTime(); known && at.Before(now) {
		return at
	}
	return now
}

// Stream returns the metrics of a content type of the tenant, or nil if it is none
// of the input's.
func (t *Tenant) Stream(contentType string) *Stream {
	for _, s := range t.streams {
		if s.id.ContentType == contentType {
			return s
		}
	}
	return nil
}

// Streams returns the metrics of the tenant's content types, in the order of the
// options.
func (t *Tenant) Streams() []*Stream { return t.streams }

// ID returns the stream whose metrics these are.
func (s *Stream) ID() source.Stream { return s.id }

// Lag returns how far the stream is behind at now, which is by the service's clock:
// the time since the moment up to which the stream is complete, or 0 before that
// moment is known.
func (s *Stream) Lag(now time.Time) time.Duration {
	complete := s.Complete.Load()
	if complete.IsZero() {
		return 0
	}
	return max(0, now.Sub(complete))
}
