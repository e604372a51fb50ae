package picture

import (
	"math"
	"strconv"
)

// timeline draws a bar for each series, in the colours that its values are
// mapped to.
func (c *canvas) timeline(p Panel, all []Series, span Span, f frame) {
	if len(all) == 0 {
		c.noData(p, f)
		return
	}
	names, tints := states(p.FieldConfig.Defaults, all)
	f = c.legend(names, tints, f)
	labels := 0.0
	for _, s := range all {
		labels = math.Max(labels, width(s.Name, labelSize))
	}
	f = frame{f.x + labels + 8, f.y + 4, f.w - labels - 8, f.h - 4 - 20}
	row := f.h / float64(len(all))
	c.timeAxis(span, f)
	for i, s := range all {
		y := f.y + float64(i)*row
		c.text(f.x-8, y+row/2+4, labelSize, bright, "end", s.Name)
		for _, part := range unbroken(s.Points, span) {
			for from := 0; from < len(part); {
				to := from
				for to+1 < len(part) && part[to+1].Value == part[from].Value {
					to++
				}
				end := part[min(to+1, len(part)-1)].Time
				x := f.at(span, part[from].Time)
				_, color := p.FieldConfig.Defaults.state(part[from].Value)
				c.rect(x, y+row*0.12, math.Max(1, f.at(span, end)-x), row*0.76, `fill="`+color+`"`)
				from = to + 1
			}
		}
	}
}

// state is the name and the colour of a value.
func (f Field) state(v float64) (name, color string) {
	for _, m := range f.Mappings {
		if to, mapped := m.Options[strconv.FormatFloat(v, 'f', -1, 64)]; mapped {
			return to.Text, colors[to.Color]
		}
	}
	return units[f.Unit](v), f.color(v)
}

// states are those that occur, in the order of their appearance.
func states(f Field, all []Series) (names, tints []string) {
	seen := make(map[string]bool)
	for _, s := range all {
		for _, p := range s.Points {
			name, color := f.state(p.Value)
			if !seen[name] {
				seen[name] = true
				names, tints = append(names, name), append(tints, color)
			}
		}
	}
	return names, tints
}
