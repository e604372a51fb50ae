package collector

import (
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// A latest listing that fails extends one that was set aside before if they touch, and
// one request can list both.
func TestSetAsideExtends(t *testing.T) {
	for name, test := range map[string]struct {
		before   func(longest time.Duration, latest source.Span) source.Span // was set aside
		sound    bool                                                        // it failed in another way
		extended bool
	}{
		"overlapping": {before: func(_ time.Duration, latest source.Span) source.Span {
			return source.Span{From: latest.From.Add(-time.Hour), To: latest.From.Add(time.Minute)}
		}, extended: true},
		"touching": {before: func(_ time.Duration, latest source.Span) source.Span {
			return source.Span{From: latest.From.Add(-time.Hour), To: latest.From}
		}, extended: true},
		"a hole between": {before: func(_ time.Duration, latest source.Span) source.Span {
			return source.Span{From: latest.From.Add(-time.Hour), To: latest.From.Add(-time.Second)}
		}},
		"as long as can be": {before: func(longest time.Duration, latest source.Span) source.Span {
			return source.Span{From: latest.To.Add(-longest), To: latest.From}
		}, extended: true},
		"too long": {before: func(longest time.Duration, latest source.Span) source.Span {
			return source.Span{From: latest.To.Add(-longest - time.Second), To: latest.From}
		}},
		"behind": {before: func(_ time.Duration, latest source.Span) source.Span {
			return source.Span{From: latest.From, To: latest.To.Add(time.Minute)}
		}, extended: true},
		"not set aside": {before: func(_ time.Duration, latest source.Span) source.Span {
			return source.Span{From: latest.From.Add(-time.Hour), To: latest.From}
		}, sound: true},
	} {
		s, st, l, now := steadyState(t)
		aside := st.newListing(test.before(st.longestSpan(), l.span))
		aside.endedBadly, aside.next = !test.sound, "2"
		st.latestListing, st.backlogListings, l.latest = l, []*listing{aside}, true
		want := source.Span{From: aside.span.From, To: aside.span.To}
		if test.extended {
			want.To = later(want.To, l.span.To)
		}
		s.relist(st, l, errListingLoops, now)
		if aside.span != want || l.unproven != test.extended || (st.latestListing == nil) != test.extended {
			t.Errorf("%s: %v, want %v; the latest proves nothing: %t", name, aside.span, want, l.unproven)
		}
		if begun := aside.next == ""; begun != test.extended {
			t.Errorf("%s: begins anew: %t", name, begun)
		}
	}
}
