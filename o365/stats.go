package o365

import (
	"fmt"
	"sync/atomic"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/activity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
)

// count is something that is counted for each tenant and content type.
type count int

const (
	records count = iota
	blobs
	duplicates
	malformed
	gaps
	gapSeconds
	counts // how many there are
)

var metrics = [counts]health.Metric{
	records:    {Name: "records_total", Help: "Records that Fluent Bit has stored."},
	blobs:      {Name: "blobs_total", Help: "Content blobs of which Fluent Bit has stored every record."},
	duplicates: {Name: "duplicates_total", Help: "Records dropped because their Id was delivered before."},
	malformed:  {Name: "malformed_total", Help: "Elements of content blobs that are no usable records."},
	gaps:       {Name: "gaps_total", Help: "Spans and blobs that could not be had any more."},
	gapSeconds: {Name: "gap_seconds_total", Help: "Length of these spans, by contentCreated."},
}

// stats are the counts of one stream since the start.
type stats struct {
	tenant      string
	contentType activity.ContentType
	counts      [counts]atomic.Int64
}

func (s *stats) add(c count, n int) { s.counts[c].Add(int64(n)) }

// allStats are those of every stream of an input, in the order of the options.
type allStats []*stats

func newStats(c Config) allStats {
	var all allStats
	for _, tenant := range c.Tenants {
		for _, t := range c.ContentTypes {
			all = append(all, &stats{tenant: tenant, contentType: t})
		}
	}
	return all
}

// of returns the stats of one of the configured streams.
func (a allStats) of(tenant string, t activity.ContentType) *stats {
	for _, s := range a {
		if s.tenant == tenant && s.contentType == t {
			return s
		}
	}
	return &stats{tenant: tenant, contentType: t}
}

// sum adds one count of all streams up.
func (a allStats) sum(c count) (n int64) {
	for _, s := range a {
		n += s.counts[c].Load()
	}
	return n
}

func (a allStats) String() string {
	line := fmt.Sprintf("%d records of %d blobs delivered, %d duplicates dropped", a.sum(records), a.sum(blobs), a.sum(duplicates))
	if n := a.sum(malformed); n > 0 {
		line += fmt.Sprintf(", %d malformed", n)
	}
	if n := a.sum(gaps); n > 0 {
		line += fmt.Sprintf(", %d gaps", n)
	}
	return line
}

// Metrics calls show with every counter of every tenant and content type. The
// same ones come at each call, so that the first one can set them up.
func (in *Input) Metrics(show func(m health.Metric, tenant, contentType string, value float64)) {
	for c, m := range metrics {
		for _, s := range in.stats {
			show(m, s.tenant, string(s.contentType), float64(s.counts[c].Load()))
		}
	}
}
