package picture

import (
	"fmt"
	"math"
	"strings"
)

// timeseries draws lines, filled below as the panel asks for, or bars.
func (c *canvas) timeseries(p Panel, all []Series, span Span, f frame) {
	field := p.FieldConfig.Defaults
	if len(all) == 0 {
		c.noData(p, f)
		return
	}
	names, tints := make([]string, len(all)), make([]string, len(all))
	for i, s := range all {
		names[i], tints[i] = s.Name, palette[i%len(palette)]
	}
	f = c.legend(names, tints, f)
	if field.Custom.Stacking.Mode == "normal" {
		all = stacked(all)
	}
	low, high := extent(field, all)
	scale := ticks(field.Unit, low, high, int(math.Max(2, f.h/42)))
	low, high = scale[0], scale[len(scale)-1]
	labels := 0.0
	for _, v := range scale {
		labels = math.Max(labels, width(units[field.Unit](v), labelSize))
	}
	f = frame{f.x + labels + 6, f.y + 6, f.w - labels - 6, f.h - 6 - 20}
	y := func(v float64) float64 { return f.y + f.h*(high-v)/(high-low) }
	for _, v := range scale {
		c.line(f.x, y(v), f.x+f.w, y(v), gridColor)
		c.text(f.x-6, y(v)+4, labelSize, dim, "end", units[field.Unit](v))
	}
	c.timeAxis(span, f)
	// The last is drawn first: stacked areas cover one another.
	for i := len(all) - 1; i >= 0; i-- {
		if field.Custom.DrawStyle == "bars" {
			c.bars(all[i], span, f, y, tints[i])
			continue
		}
		c.curve(all[i], span, f, y, tints[i], field)
	}
}

func (c *canvas) curve(s Series, span Span, f frame, y func(float64) float64, color string, field Field) {
	for _, part := range unbroken(s.Points, span) {
		var d strings.Builder
		x0, y0 := f.at(span, part[0].Time), y(part[0].Value)
		fmt.Fprintf(&d, "M%s %s", short1(x0), short1(y0))
		for i, p := range part[1:] {
			if i+2 < len(part) && p.Value == part[i].Value && p.Value == part[i+2].Value {
				continue // in the middle of a level stretch
			}
			fmt.Fprintf(&d, "L%s %s", short1(f.at(span, p.Time)), short1(y(p.Value)))
		}
		if len(part) == 1 {
			d.WriteString("h1")
		}
		if o := field.Custom.FillOpacity; o > 0 {
			fmt.Fprintf(c, "<path d=\"%sV%sH%sZ\" fill=\"%s\" fill-opacity=\"%.2f\"/>\n",
				d.String(), short1(f.y+f.h), short1(x0), color, o/100)
		}
		fmt.Fprintf(c, "<path d=\"%s\" stroke=\"%s\" stroke-width=\"%s\" stroke-linejoin=\"round\"/>\n",
			d.String(), color, short1(math.Max(field.Custom.LineWidth, 1)))
	}
}

func (c *canvas) bars(s Series, span Span, f frame, y func(float64) float64, color string) {
	w := math.Max(1, f.w*float64(span.Step)/float64(span.To.Sub(span.From))-1)
	var d strings.Builder
	for _, p := range s.Points {
		if p.Value > 0 {
			fmt.Fprintf(&d, "M%s %sV%s", short1(f.at(span, p.Time)), short1(f.y+f.h), short1(y(p.Value)))
		}
	}
	if d.Len() > 0 {
		fmt.Fprintf(c, "<path d=\"%s\" stroke=\"%s\" stroke-width=\"%s\"/>\n", d.String(), color, short1(w))
	}
}

// unbroken cuts a line where points are missing.
func unbroken(points []Point, span Span) [][]Point {
	var all [][]Point
	for i, p := range points {
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			continue
		}
		last := len(all) - 1
		if i == 0 || last < 0 || p.Time.Sub(all[last][len(all[last])-1].Time) > span.Step*3/2 {
			all = append(all, []Point{p})
			continue
		}
		all[last] = append(all[last], p)
	}
	return all
}

// stacked adds each line to the ones before it.
func stacked(all []Series) []Series {
	sums := make(map[int64]float64)
	out := make([]Series, len(all))
	for i, s := range all {
		out[i].Name = s.Name
		for _, p := range s.Points {
			at := p.Time.UnixMilli()
			if !math.IsNaN(p.Value) {
				sums[at] += p.Value
			}
			out[i].Points = append(out[i].Points, Point{p.Time, sums[at]})
		}
	}
	return out
}

// extent is the span of values to show.
func extent(field Field, all []Series) (low, high float64) {
	low, high = 0, math.Inf(-1)
	for _, s := range all {
		for _, p := range s.Points {
			if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
				continue
			}
			low, high = math.Min(low, p.Value), math.Max(high, p.Value)
		}
	}
	if field.Min != nil {
		low = *field.Min
	}
	if field.Max != nil {
		high = *field.Max
	}
	if high <= low || math.IsInf(high, 0) {
		high = low + 1
	}
	return low, high
}
