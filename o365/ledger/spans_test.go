package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestMergeSpans(t *testing.T) {
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	span := func(from, to float64) source.Span { return source.Span{From: at(from), To: at(to)} }
	for _, test := range []struct {
		name     string
		in, want []source.Span
	}{
		{"nothing", nil, nil},
		{"apart", []source.Span{span(5, 6), span(1, 2)}, []source.Span{span(1, 2), span(5, 6)}},
		{"touching", []source.Span{span(1, 2), span(2, 3)}, []source.Span{span(1, 3)}},
		{"overlapping", []source.Span{span(1, 4), span(2, 6), span(5, 8)}, []source.Span{span(1, 8)}},
		{"one in the other", []source.Span{span(1, 9), span(2, 3), span(4, 5)}, []source.Span{span(1, 9)}},
		{"the same", []source.Span{span(1, 2), span(1, 2)}, []source.Span{span(1, 2)}},
		{"empty or turned round", []source.Span{span(3, 3), span(5, 4)}, nil},
		{"parts of seconds are not claimed", []source.Span{span(1.2, 4.9), span(6.1, 6.9)}, []source.Span{span(2, 4)}},
		{"a gap of less than a second stays", []source.Span{span(1, 3.5), span(3.6, 6)}, []source.Span{span(1, 3), span(4, 6)}},
		{"before the floor", []source.Span{span(-100, -50), span(-60, 2), span(-70, -10)}, []source.Span{span(-10, 2)}},
		{"in another zone", []source.Span{{From: at(1).In(time.FixedZone("", 3600)), To: at(2)}, span(2, 3)}, []source.Span{span(1, 3)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := mergeSpans(test.in, at(-10)); !slices.Equal(got, test.want) {
				t.Errorf("%v\ninstead of %v", got, test.want)
			}
		})
	}
}
