// Package picture draws a Grafana dashboard as SVG, from the dashboard's own
// JSON and the answers to its own queries. It knows the panels that ours has
// (row, stat, timeseries and state-timeline) and the settings that they use,
// and refuses what it does not know: the picture leaves nothing out silently.
package picture

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Dashboard is the part of Grafana's dashboard JSON that can be drawn.
// https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
type Dashboard struct {
	Title      string
	Panels     []Panel
	Templating struct{ List []Variable }
}

// Variable is one of the choices at the top of a dashboard.
type Variable struct {
	Name, Label, Type string
	Definition        string // of a query
}

// Panel is one of a dashboard's panels, or the headline of a row of them.
type Panel struct {
	ID              int
	Type, Title     string
	GridPos         Grid
	Targets         []Target
	Transformations []json.RawMessage
	Collapsed       bool
	FieldConfig     struct {
		Defaults  Field
		Overrides []json.RawMessage
	}
}

// Grid is where a panel is: 24 columns, rows of 30 pixels.
type Grid struct{ H, W, X, Y int }

// Target is a query of a panel.
type Target struct {
	RefID, Expr, LegendFormat string
	Instant                   bool
}

// Field is how a panel shows its values.
type Field struct {
	Unit, NoValue string
	Decimals      *int
	Min, Max      *float64
	Thresholds    struct{ Steps []Step }
	Mappings      []Mapping
	Custom        struct {
		DrawStyle   string
		FillOpacity float64
		LineWidth   float64
		Stacking    struct{ Mode string }
	}
}

// Step is a threshold: from Value on it is Color. The first one has no value.
type Step struct {
	Color string
	Value *float64
}

// Mapping gives values names and colours.
type Mapping struct {
	Type    string
	Options map[string]struct{ Text, Color string }
}

// Parse reads a dashboard.
func Parse(text []byte) (Dashboard, error) {
	var d Dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("dashboard: %w", err)
	}
	for _, p := range d.Panels {
		switch p.Type {
		case "row", "stat", "timeseries", "state-timeline":
		default:
			return d, fmt.Errorf("panel %q: can't draw a %s", p.Title, p.Type)
		}
		switch {
		case len(p.Transformations)+len(p.FieldConfig.Overrides) > 0:
			return d, fmt.Errorf("panel %q: can't draw transformations and overrides", p.Title)
		case p.Collapsed:
			return d, fmt.Errorf("panel %q: can't draw a collapsed row", p.Title)
		}
		if err := p.FieldConfig.Defaults.check(); err != nil {
			return d, fmt.Errorf("panel %q: %w", p.Title, err)
		}
	}
	return d, nil
}

func (f Field) check() error {
	if _, known := units[f.Unit]; !known {
		return fmt.Errorf("unit %q is not known", f.Unit)
	}
	for _, s := range f.Thresholds.Steps {
		if _, known := colors[s.Color]; !known {
			return fmt.Errorf("color %q is not known", s.Color)
		}
	}
	for _, m := range f.Mappings {
		for _, to := range m.Options {
			if _, known := colors[to.Color]; !known || m.Type != "value" {
				return fmt.Errorf("mapping of %s to color %q is not known", m.Type, to.Color)
			}
		}
	}
	return nil
}

// color of a value by the thresholds.
func (f Field) color(v float64) string {
	name := "text"
	for _, s := range f.Thresholds.Steps {
		if s.Value == nil || v >= *s.Value {
			name = s.Color
		}
	}
	return colors[name]
}

// Replace puts values in the place of $name and ${name} in titles and queries.
func (d *Dashboard) Replace(values map[string]string) {
	names := slices.SortedFunc(maps.Keys(values), func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, name := range names { // $range_s before $range
		pairs = append(pairs, "${"+name+"}", values[name], "$"+name, values[name])
	}
	r := strings.NewReplacer(pairs...)
	for i := range d.Panels {
		p := &d.Panels[i]
		p.Title = r.Replace(p.Title)
		for j := range p.Targets {
			p.Targets[j].Expr = r.Replace(p.Targets[j].Expr)
		}
	}
}
