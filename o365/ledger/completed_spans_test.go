package ledger

import (
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestThrough(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	span := func(from, to time.Duration) source.Span { return source.Span{From: ago(from), To: ago(to)} }
	day := 24 * time.Hour
	for _, tt := range []struct {
		name     string
		since    time.Duration // before now
		complete []source.Span
		gaps     []source.Span
		want     time.Duration // before now
	}{
		{"nothing", 7 * day, nil, nil, 7*day - listingMargin},
		{"nothing, a short while", time.Hour, nil, nil, time.Hour},
		{"all", 2 * day, []source.Span{span(2*day, day), span(day, 0)}, nil, 0},
		{"a backfill under way", 7 * day, []source.Span{span(7*day, 5*day), span(time.Hour, 0)}, nil, 5 * day},
		{"the newest first", 7 * day, []source.Span{span(time.Hour, 0)}, nil, 7*day - listingMargin},
		{"a hole", 7 * day, []source.Span{span(7*day, 3*day), span(2*day, 0)}, nil, 3 * day},
		{"a gap that is known", 7 * day, []source.Span{span(7*day, 3*day), span(2*day, 0)}, []source.Span{span(3*day, 2*day)}, 0},
		{"a hole older than is kept", 20 * day, []source.Span{span(7*day-time.Minute, 0)}, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := tryOpen("", Options{Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			s := source.Stream{Tenant: "contoso", ContentType: "Audit.Exchange"}
			if got := l.Through(s, now); !got.IsZero() {
				t.Errorf("%v before anybody asked since when", got)
			}
			if _, err := l.Since(s, ago(tt.since)); err != nil {
				t.Fatal(err)
			}
			if err := l.Complete(s, tt.complete...); err != nil {
				t.Fatal(err)
			}
			for _, g := range tt.gaps {
				if err := l.AddGap(Gap{Stream: s, Span: g, Found: now}); err != nil {
					t.Fatal(err)
				}
			}
			if got := l.Through(s, now); !got.Equal(ago(tt.want)) {
				t.Errorf("complete up to %v, which is %v ago, want %v", got, now.Sub(got), tt.want)
			}
		})
	}
}
