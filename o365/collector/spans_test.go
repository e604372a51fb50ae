package collector

import (
	"slices"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestJoinSpans(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(int64(seconds), 0).UTC() }
	span := func(from, to int) source.Span { return source.Span{From: at(from), To: at(to)} }
	tests := map[string]struct{ spans, want []source.Span }{
		"none":            {nil, nil},
		"one":             {[]source.Span{span(5, 6)}, []source.Span{span(5, 6)}},
		"apart":           {[]source.Span{span(100, 101), span(0, 1)}, []source.Span{span(0, 1), span(100, 101)}},
		"a distance away": {[]source.Span{span(0, 1), span(61, 62)}, []source.Span{span(0, 1), span(61, 62)}},
		"near":            {[]source.Span{span(60, 61), span(0, 1)}, []source.Span{span(0, 61)}},
		"in each other":   {[]source.Span{span(0, 50), span(10, 11)}, []source.Span{span(0, 50)}},
		"a chain":         {[]source.Span{span(100, 101), span(50, 51), span(0, 1)}, []source.Span{span(0, 101)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := joinSpans(test.spans, time.Minute); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestSplitSpan(t *testing.T) {
	at := func(minutes int) time.Time { return time.Unix(int64(minutes)*60, 0).UTC() }
	for _, tt := range []struct {
		to, last, most int // minutes
		want           []int
	}{
		{0, 60, 100, nil},
		{60, 60, 100, []int{0, 60}},
		{61, 60, 100, []int{0, 1, 61}},
		{360, 60, 100, []int{0, 100, 200, 300, 360}},
		{250, 200, 100, []int{0, 100, 150, 250}}, // the last one is no longer than others
	} {
		var got []int
		for _, span := range splitSpan(at(0), at(tt.to).Add(time.Millisecond), time.Duration(tt.last)*time.Minute, time.Duration(tt.most)*time.Minute) {
			if len(got) == 0 {
				got = append(got, int(span.From.Unix()/60))
			} else if !span.From.Equal(at(got[len(got)-1])) {
				t.Errorf("%+v: a span begins at %v", tt, span.From)
			}
			got = append(got, int(span.To.Unix()/60))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}
