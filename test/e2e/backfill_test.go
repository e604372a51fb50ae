package e2e

import (
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// week is seven days of all content types, about 80 MB at full size.
func week(seed uint64) api.Options {
	return api.Options{Seed: seed, Blobs: sized(12, 60), Records: sized(50, 200), Duplicates: 1}
}

func TestBackfill(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		http1  bool
		change func(*api.Options)
	}{
		{name: "all well"},
		{name: "HTTP 1", http1: true},
		{name: "faults", change: func(o *api.Options) { o.Faults = api.Flaky(0.1) }},
		{name: "faults, HTTP 1", http1: true, change: func(o *api.Options) { o.Faults = api.Flaky(0.1) }},
		{name: "equal times", change: func(o *api.Options) {
			o.SameTime, o.WholeTimes, o.PageSize, o.PartStart, o.Duplicates = 3, true, 5, true, 10
		}},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inEachAtOnce(t, func(t *testing.T, p program) {
				opt := week(uint64(i))
				if test.change != nil {
					test.change(&opt)
				}
				s := newService(t, opt)
				if test.http1 {
					must(t, s.SpeakHTTP1())
				}
				pipe := newPipeline(t, p, s)
				pipe.start()
				pipe.finish(0)
				a := s.Account()
				if a.TokensAbroad > 0 || a.EarlyStarts > 0 || len(a.NoPublisher) > 0 {
					t.Errorf("tokens sent abroad: %d, early starts: %d, without publisher: %v", a.TokensAbroad, a.EarlyStarts, a.NoPublisher)
				}
			})
		})
	}
}
