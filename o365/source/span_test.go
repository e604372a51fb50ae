package source

import (
	"slices"
	"testing"
	"time"
)

func TestSpanWithout(t *testing.T) {
	span := func(from, to int64) Span { return Span{From: time.Unix(from, 0), To: time.Unix(to, 0)} }
	for _, tt := range []struct{ others, want []Span }{
		{nil, []Span{span(10, 20)}},
		{[]Span{span(0, 10), span(20, 30)}, []Span{span(10, 20)}},
		{[]Span{span(0, 30)}, nil},
		{[]Span{span(10, 20)}, nil},
		{[]Span{span(0, 12), span(18, 19)}, []Span{span(12, 18), span(19, 20)}},
		{[]Span{span(15, 16), span(11, 17)}, []Span{span(10, 11), span(17, 20)}},
	} {
		if got := span(10, 20).Without(tt.others...); !slices.Equal(got, tt.want) {
			t.Errorf("without %v: %v, want %v", tt.others, got, tt.want)
		}
	}
	for _, s := range []Span{span(10, 10), span(20, 10)} {
		if got := s.Without(); got != nil {
			t.Errorf("of %v %v is left", s, got)
		}
	}
}
