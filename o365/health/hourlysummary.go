package health

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// HourlySummary is what was collected of a tenant in one hour, and its state at the
// end of that hour.
type HourlySummary struct {
	Tenant string
	metrics.Counts
	Throttled int64     // requests
	Pending   int64     // blobs that are listed and not delivered
	Waiting   int64     // bytes that wait for Fluent Bit
	Lags      []Lag     // of each stream
	Problems  []Problem // worst first
}

// Lag is how far a stream is behind.
type Lag struct {
	ContentType string
	Lag         time.Duration
}

// Line is the summary as a log line, at level info. It has each problem with how
// long it has lasted at now and how often it was met, and leaves out counts of 0,
// except for records, blobs and duplicates.
func (h HourlySummary) Line(now time.Time) string {
	line := fmt.Sprintf("in the last hour %d records of %d blobs delivered, %d duplicates dropped", h.Records, h.Blobs, h.Duplicates)
	for _, n := range []struct {
		number int64
		of     string
	}{
		{h.Malformed, "malformed elements"}, {h.Oversized, "records too large"}, {h.Conflicts, "records with an Id of others"},
		{h.Late, "blobs listed late"}, {h.Lost, "blobs lost"}, {h.Gaps, "gaps"},
		{h.Retries, "retries"}, {h.Throttled, "requests throttled"},
		{h.Pending, "blobs still to come"}, {h.Waiting, "bytes waiting for Fluent Bit"},
	} {
		if n.number > 0 {
			line += fmt.Sprintf(", %d %s", n.number, n.of)
		}
	}
	parts := []string{line}
	worst := slices.MaxFunc(h.Lags, func(a, b Lag) int { return cmp.Compare(a.Lag, b.Lag) })
	if worst.Lag < time.Minute {
		parts = append(parts, "lag less than a minute")
	} else {
		parts = append(parts, fmt.Sprintf("lag %s at most (%s)", roundedDuration(worst.Lag), worst.ContentType))
	}
	all := make([]source.Stream, 0, len(h.Lags))
	for _, n := range h.Lags {
		all = append(all, source.Stream{Tenant: h.Tenant, ContentType: n.ContentType})
	}
	for _, p := range h.Problems {
		who := ""
		if len(p.Streams) < len(all) {
			who = enumerate(typesOf(h.Tenant, p.Streams, all)) + ": "
		}
		parts = append(parts, fmt.Sprintf("%s%s for %s: %s", who, p.State, lasted(p, now), p.What))
	}
	return h.Tenant + ": " + strings.Join(parts, "; ")
}
