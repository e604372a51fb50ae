// Package monitoring_test keeps the alerts, the dashboard and its picture
// right: they use the metrics that are declared, with the labels that these
// have, and the dashboard is one that Grafana imports.
package monitoring_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dashboard has what Grafana's documentation calls for in its JSON.
// https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
type dashboard struct {
	UID, Title    string
	SchemaVersion int
	ID            *int // Grafana's own: an imported one has none
	Panels        []panel
	Templating    struct {
		List []struct {
			Name, Type        string
			Query             any
			Definition        string
			Multi, IncludeAll bool
			Datasource        source
		}
	}
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Repeat                   string
	Datasource               source
	GridPos                  struct{ H, W, X, Y int }
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []target
	Options                  any
}

type target struct {
	RefID, Expr, LegendFormat string
	Datasource                source
}

type source struct{ Type, UID string }

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(read(t, "dashboard.json"), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestDashboardVariables(t *testing.T) {
	d := readDashboard(t)
	if d.UID == "" || len(d.UID) > 40 || d.Title == "" || d.ID != nil || d.SchemaVersion < 36 {
		t.Errorf("uid %q, title %q, id %v, schemaVersion %d", d.UID, d.Title, d.ID, d.SchemaVersion)
	}
	var names []string
	for _, v := range d.Templating.List {
		names = append(names, v.Name)
		switch {
		case v.Name == "datasource":
			if v.Type != "datasource" || v.Query != "prometheus" {
				t.Errorf("variable datasource: %+v", v)
			}
		case v.Type != "query" || !v.Multi || !v.IncludeAll || v.Datasource != ours:
			t.Errorf("variable %s: %+v", v.Name, v)
		case !strings.HasSuffix(v.Definition, ", "+v.Name+")"):
			t.Errorf("variable %s has the values of another label: %s", v.Name, v.Definition)
		}
	}
	if want := []string{"datasource", "name", "tenant", "content_type"}; !slices.Equal(names, want) {
		t.Errorf("variables %v, want %v", names, want)
	}
	used := regexp.MustCompile(`\$\{?(\w+)`)
	for _, m := range used.FindAllStringSubmatch(string(read(t, "dashboard.json")), -1) {
		builtIn := []string{"__all", "__range", "__rate_interval"}
		if !slices.Contains(append(builtIn, names...), m[1]) {
			t.Errorf("there is no variable %s", m[1])
		}
	}
}

var ours = source{"prometheus", "${datasource}"}

func TestDashboardPanels(t *testing.T) {
	d := readDashboard(t)
	ids := make(map[int]bool)
	taken := make(map[[2]int]string)
	for _, p := range d.Panels {
		if p.ID <= 0 || ids[p.ID] || p.Title == "" {
			t.Errorf("panel %q: id %d", p.Title, p.ID)
		}
		ids[p.ID] = true
		g := p.GridPos
		if g.H < 1 || g.W < 1 || g.X < 0 || g.Y < 0 || g.X+g.W > 24 {
			t.Errorf("panel %q is off the grid: %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other, is := taken[[2]int{x, y}]; is {
					t.Fatalf("panel %q lies on %q", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			if p.Repeat != "tenant" || len(p.Targets) > 0 {
				t.Errorf("row %q: %+v", p.Title, p)
			}
			continue
		}
		if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || p.Datasource != ours || len(p.Targets) == 0 || p.Options == nil {
			t.Errorf("panel %q lacks something: %+v", p.Title, p)
		}
		refs := make(map[string]bool)
		for _, q := range p.Targets {
			if refs[q.RefID] || q.RefID == "" || q.Expr == "" || q.LegendFormat == "" || q.Datasource != ours {
				t.Errorf("panel %q: query %+v", p.Title, q)
			}
			refs[q.RefID] = true
		}
	}
}

// TestPicture looks for every panel in the picture.
func TestPicture(t *testing.T) {
	picture := read(t, "dashboard.svg")
	if kB := len(picture) / 1000; kB > 200 {
		t.Errorf("the picture has %d kB", kB)
	}
	d := readDashboard(t)
	for _, p := range d.Panels {
		title, _, _ := strings.Cut(p.Title, "$")
		if !strings.Contains(string(picture), title) {
			t.Errorf("%q is not in the picture; make dashboard draws it", p.Title)
		}
	}
	if readme := read(t, "README.md"); !strings.Contains(string(readme), "](dashboard.svg)") {
		t.Error("README.md does not show the picture")
	}
}
