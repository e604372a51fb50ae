package picture

import (
	"fmt"
	"io"
	"math"
	"time"
)

// Series is a line of a panel, or the value of a stat. Its points are in the
// order of time.
type Series struct {
	Name   string
	Points []Point
}

// Point is a value at a time. A missing one is NaN.
type Point struct {
	Time  time.Time
	Value float64
}

// Span is the time that a picture shows, and how far its points are apart.
type Span struct {
	From, To time.Time
	Step     time.Duration
}

// Grafana's grid.
const (
	columns    = 24
	pageWidth  = 1280.0
	rowHeight  = 30.0
	gap        = 8.0
	margin     = 12.0
	titleSize  = 14.0
	labelSize  = 12.0
	headHeight = 76.0 // title and variables
)

// frame is where a panel is, in pixels.
type frame struct{ x, y, w, h float64 }

func (g Grid) frame() frame {
	column := (pageWidth - 2*margin + gap) / columns
	return frame{
		x: margin + float64(g.X)*column, y: headHeight + float64(g.Y)*(rowHeight+gap),
		w: float64(g.W)*column - gap, h: float64(g.H)*(rowHeight+gap) - gap,
	}
}

// Draw writes a dashboard with the data of its panels, by their ids. The
// choices are shown at the top, in the order of the variables.
func Draw(w io.Writer, d Dashboard, choices map[string]string, data map[int][]Series, span Span) error {
	var c canvas
	height := headHeight
	for _, p := range d.Panels {
		f := p.GridPos.frame()
		height = math.Max(height, f.y+f.h)
	}
	height += margin
	c.rect(0, 0, pageWidth, height, `rx="4" fill="`+page+`"`)
	c.head(d, choices, span)
	for _, p := range d.Panels {
		f := p.GridPos.frame()
		if p.Type == "row" {
			c.text(f.x, f.y+20, titleSize, bright, "start", "⌄ "+p.Title)
			continue
		}
		c.rect(f.x, f.y, f.w, f.h, `rx="2" fill="`+paper+`" stroke="`+border+`"`)
		if title := width(p.Title, titleSize); title > f.w {
			return fmt.Errorf("panel %q: the title is too long for %v pixels", p.Title, f.w)
		}
		c.text(f.x+10, f.y+21, titleSize, bright, "start", p.Title)
		inside := frame{f.x + 10, f.y + 32, f.w - 20, f.h - 40}
		switch p.Type {
		case "stat":
			c.stat(p, data[p.ID], inside)
		case "timeseries":
			c.timeseries(p, data[p.ID], span, inside)
		case "state-timeline":
			c.timeline(p, data[p.ID], span, inside)
		}
	}
	return c.writeTo(w, pageWidth, height, d.Title)
}

func (c *canvas) head(d Dashboard, choices map[string]string, span Span) {
	c.text(margin, 26, 17, bright, "start", d.Title)
	c.text(pageWidth-margin, 26, titleSize, dim, "end",
		fmt.Sprintf("%s to %s UTC", span.From.UTC().Format("2006-01-02 15:04:05"), span.To.UTC().Format("15:04:05")))
	x := margin
	for _, v := range d.Templating.List {
		value, shown := choices[v.Name]
		if !shown {
			continue
		}
		label := width(v.Label, 13) + 16
		box := width(value, 13) + 20
		c.rect(x, 40, label+box, 26, `rx="2" fill="`+paper+`" stroke="`+border+`"`)
		c.text(x+9, 58, 13, dim, "start", v.Label)
		c.text(x+label+6, 58, 13, colors["blue"], "start", value)
		x += label + box + gap
	}
}

// noData stands in the middle of a panel that has none.
func (c *canvas) noData(p Panel, f frame) {
	text := p.FieldConfig.Defaults.NoValue
	if text == "" {
		text = "No data"
	}
	c.text(f.x+f.w/2, f.y+f.h/2+5, titleSize, dim, "middle", text)
}

// stat shows the last value.
func (c *canvas) stat(p Panel, all []Series, f frame) {
	field := p.FieldConfig.Defaults
	if len(all) == 0 || len(all[0].Points) == 0 {
		c.noData(p, f)
		return
	}
	points := all[0].Points
	v := points[len(points)-1].Value
	text := units[field.Unit](v)
	size := math.Min(34, f.w/math.Max(width(text, 1), 1))
	c.text(f.x+f.w/2, f.y+f.h/2+size*0.36, size, field.color(v), "middle", text)
}

// legend stands at the bottom, as many to a line as fit, and returns what is
// left above it.
func (c *canvas) legend(names []string, tints []string, f frame) frame {
	const lineHeight = 17
	type item struct {
		name, color string
		x           float64
	}
	lines := [][]item{nil}
	x := 0.0
	for i, name := range names {
		w := width(name, labelSize) + 34
		if x > 0 && x+w > f.w {
			lines = append(lines, nil)
			x = 0
		}
		last := len(lines) - 1
		lines[last] = append(lines[last], item{name, tints[i], x})
		x += w
	}
	h := float64(len(lines) * lineHeight)
	for i, items := range lines {
		y := f.y + f.h - h + float64(i+1)*lineHeight - 3
		for _, it := range items {
			c.rect(f.x+it.x, y-6, 14, 4, `rx="1" fill="`+it.color+`"`)
			c.text(f.x+it.x+19, y, labelSize, bright, "start", it.name)
		}
	}
	return frame{f.x, f.y, f.w, f.h - h - 4}
}

// timeAxis draws the times below f.
func (c *canvas) timeAxis(span Span, f frame) {
	layout := "15:04"
	if span.To.Sub(span.From) > 48*time.Hour {
		layout = "01/02"
	}
	for _, t := range timeTicks(span.From, span.To, int(f.w/70)) {
		x := f.at(span, t)
		c.line(x, f.y, x, f.y+f.h, gridColor)
		if x-f.x > 14 && f.x+f.w-x > 14 {
			c.text(x, f.y+f.h+15, labelSize, dim, "middle", t.UTC().Format(layout))
		}
	}
}

func (f frame) at(span Span, t time.Time) float64 {
	return f.x + f.w*float64(t.Sub(span.From))/float64(span.To.Sub(span.From))
}
