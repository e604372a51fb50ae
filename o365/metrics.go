package o365

import (
	"context"
	"errors"
	"fmt"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Metrics are the numbers of the input, from its start on.
func (in *Input) Metrics() *health.Metrics { return in.metrics }

func newMetrics(c Config) *health.Metrics {
	return health.NewMetrics(c.Tenants, c.ContentTypes)
}

// summary is what was done since the start, in one line.
func summary(m *health.Metrics) string {
	line := fmt.Sprintf("%d records of %d blobs delivered, %d duplicates dropped",
		m.Sum(func(s *health.StreamMetrics) *health.Counter { return &s.Records }),
		m.Sum(func(s *health.StreamMetrics) *health.Counter { return &s.Delivered }),
		m.Sum(func(s *health.StreamMetrics) *health.Counter { return &s.Duplicates }))
	if n := m.Sum(func(s *health.StreamMetrics) *health.Counter { return &s.Malformed }); n > 0 {
		line += fmt.Sprintf(", %d malformed", n)
	}
	if n := m.Sum(func(s *health.StreamMetrics) *health.Counter { return &s.Gaps }); n > 0 {
		line += fmt.Sprintf(", %d gaps", n)
	}
	return line
}

// count counts a request that has ended, unless we broke it off ourselves.
func count(m *health.TenantMetrics, op source.Op, err error) {
	if !errors.Is(err, context.Canceled) {
		m.Requested(op, source.Outcomes(err)...)
	}
}
