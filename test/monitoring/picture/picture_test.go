package picture

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestOurs: every panel of the dashboard in conf/monitoring can be drawn, with
// and without data.
func TestOurs(t *testing.T) {
	text, err := os.ReadFile("../../../conf/monitoring/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	span := Span{From: from, To: from.Add(10 * time.Minute), Step: time.Minute}
	full := make(map[int][]Series)
	for _, p := range d.Panels {
		for _, name := range []string{"a & b", "c"} {
			s := Series{Name: name}
			for i := range 11 {
				s.Points = append(s.Points, Point{from.Add(time.Duration(i) * time.Minute), float64(i % 2)})
			}
			full[p.ID] = append(full[p.ID], s)
		}
	}
	for name, data := range map[string]map[int][]Series{"full": full, "empty": nil} {
		var out, again bytes.Buffer
		for _, w := range []io.Writer{&out, &again} {
			if err := Draw(w, d, map[string]string{"tenant": "All"}, data, span); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(out.Bytes(), again.Bytes()) {
			t.Errorf("%s: the same data gives two pictures", name)
		}
		for x := xml.NewDecoder(&out); ; {
			if _, err := x.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if empty := strings.Contains(again.String(), "No data"); empty != (data == nil) {
			t.Errorf("%s: says that there is no data: %v", name, empty)
		}
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"panels":[{"type":"piechart","title":"x"}]}`:                                                                    "piechart",
		`{"panels":[{"type":"stat","fieldConfig":{"defaults":{"unit":"furlongs"}}}]}`:                                     "furlongs",
		`{"panels":[{"type":"stat","fieldConfig":{"overrides":[{}]}}]}`:                                                   "overrides",
		`{"panels":[{"type":"row","collapsed":true}]}`:                                                                    "collapsed",
		`{"panels":[{"type":"stat","fieldConfig":{"defaults":{"thresholds":{"steps":[{"color":"mauve"}]}}}}]}`:            "mauve",
		`{"panels":[{"type":"stat","fieldConfig":{"defaults":{"mappings":[{"type":"range","options":{"1":{}}}]}}}]}`:      "range",
		`{"panels":[{"type":"stat","fieldConfig":{"defaults":{"mappings":[{"type":"value","options":{"1":{"x":0}}}]}}}]}`: "value",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want a word on %s", text, err, want)
		}
	}
}

func TestReplace(t *testing.T) {
	d := Dashboard{Panels: []Panel{{Title: "of $tenant", Targets: []Target{{Expr: `x{n=~"${name}"}[$__range_s]+y[$__range]`}}}}}
	d.Replace(map[string]string{"name": "o365", "tenant": "contoso", "__range": "1h", "__range_s": "3600"})
	if p := d.Panels[0]; p.Title != "of contoso" || p.Targets[0].Expr != `x{n=~"o365"}[3600]+y[1h]` {
		t.Errorf("%+v", p)
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		unit string
		v    float64
		want string
	}{
		{"short", 0, "0"}, {"short", 12.345, "12.3"}, {"short", 123456, "123 K"},
		{"s", 0, "0 s"}, {"s", 0.25, "250 ms"}, {"s", 90, "1.5 min"}, {"s", 5400, "1.5 h"}, {"s", 604800, "7 days"},
		{"bytes", 1536, "1.5 KiB"}, {"bytes", 33 << 20, "33 MiB"},
		{"recps", 20, "20 rec/s"}, {"percentunit", 0.125, "12.5%"},
	} {
		if got := units[c.unit](c.v); got != c.want {
			t.Errorf("%v in %s is %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		unit      string
		low, high float64
		want      []float64
	}{
		{"short", 0, 1, []float64{0, 0.25, 0.5, 0.75, 1}},
		{"short", 0, 37, []float64{0, 10, 20, 30, 40}},
		{"s", 0, 700, []float64{0, 300, 600, 900}},
		{"s", 0, 7 * 86400, []float64{0, 2 * 86400, 4 * 86400, 6 * 86400, 8 * 86400}},
		{"bytes", 0, 7 << 20, []float64{0, 2 << 20, 4 << 20, 6 << 20, 8 << 20}},
	} {
		if got := ticks(c.unit, c.low, c.high, 4); !slices.Equal(got, c.want) {
			t.Errorf("%v to %v in %s: %v, want %v", c.low, c.high, c.unit, got, c.want)
		}
	}
}

func TestBroken(t *testing.T) {
	at := func(minute int, v float64) Point { return Point{time.Unix(int64(minute)*60, 0), v} }
	span := Span{Step: time.Minute}
	parts := unbroken([]Point{at(0, math.NaN()), at(1, 1), at(2, 2), at(5, 3), at(6, math.Inf(1)), at(7, 4)}, span)
	var lengths []int
	for _, p := range parts {
		lengths = append(lengths, len(p))
	}
	if !slices.Equal(lengths, []int{2, 1, 1}) {
		t.Errorf("parts of %v points", lengths)
	}
}

func TestStacked(t *testing.T) {
	now := time.Unix(60, 0)
	all := stacked([]Series{{"a", []Point{{now, 1}}}, {"b", []Point{{now, 2}}}})
	if all[0].Points[0].Value != 1 || all[1].Points[0].Value != 3 {
		t.Errorf("%+v", all)
	}
}
