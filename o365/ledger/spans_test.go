package ledger

import (
	"slices"
	"testing"
	"time"
)

func TestMergeSpans(t *testing.T) {
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	span := func(from, to float64) Span { return Span{at(from), at(to)} }
	for _, test := range []struct {
		name     string
		in, want []Span
	}{
		{"nothing", nil, nil},
		{"apart", []Span{span(5, 6), span(1, 2)}, []Span{span(1, 2), span(5, 6)}},
		{"touching", []Span{span(1, 2), span(2, 3)}, []Span{span(1, 3)}},
		{"overlapping", []Span{span(1, 4), span(2, 6), span(5, 8)}, []Span{span(1, 8)}},
		{"one in the other", []Span{span(1, 9), span(2, 3), span(4, 5)}, []Span{span(1, 9)}},
		{"the same", []Span{span(1, 2), span(1, 2)}, []Span{span(1, 2)}},
		{"empty or turned round", []Span{span(3, 3), span(5, 4)}, nil},
		{"parts of seconds are not claimed", []Span{span(1.2, 4.9), span(6.1, 6.9)}, []Span{span(2, 4)}},
		{"a gap of less than a second stays", []Span{span(1, 3.5), span(3.6, 6)}, []Span{span(1, 3), span(4, 6)}},
		{"before the floor", []Span{span(-100, -50), span(-60, 2), span(-70, -10)}, []Span{span(-10, 2)}},
		{"in another zone", []Span{{at(1).In(time.FixedZone("", 3600)), at(2)}, span(2, 3)}, []Span{span(1, 3)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := mergeSpans(test.in, at(-10)); !slices.Equal(got, test.want) {
				t.Errorf("%v\ninstead of %v", got, test.want)
			}
		})
	}
}
