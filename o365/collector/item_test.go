package collector

import (
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// The gap of a lost item is the second in which it became available, or the listing's
// span if the service gave no plausible time.
func TestSpanOfLostItem(t *testing.T) {
	seen := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	listed := source.Span{From: seen.Add(-time.Hour), To: seen}
	created := seen.Add(-30 * time.Minute)
	own := source.Span{From: created, To: created.Add(time.Second)}
	for _, tt := range []struct {
		name    string
		created time.Time
		want    source.Span
	}{
		{"within the listing", created.Add(time.Millisecond), own},
		{"none", time.Time{}, listed},
		{"years ago", seen.AddDate(-40, 0, 0), listed},
		{"years ahead", seen.AddDate(7000, 0, 0), listed},
	} {
		i := &item{stream: &stream{limits: source.Limits{Retention: retention}}, content: source.Item{Created: tt.created}, listedAt: seen, listings: []*listing{{span: listed}}}
		if got := i.span(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
