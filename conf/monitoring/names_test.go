package monitoring_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
)

var (
	metric    = regexp.MustCompile(`\bfluentbit_o365_(\w+)(?:\{([^}]*)\})?`)
	matcher   = regexp.MustCompile(`(\w+) *(?:=~|!~|!=|=) *["']([^"']*)`)
	grouping  = regexp.MustCompile(`\b(by|on|ignoring|without) *\(([^)]*)\)`)
	mentioned = regexp.MustCompile(`\$labels\.(\w+)|\{\{ *(\w+) *\}\}`)
)

// labelsOf are the labels of a metric as Prometheus has it; no metric of that
// name has none.
func labelsOf(name string) []string {
	for _, m := range metrics.All() {
		suffixes := []string{""}
		if m.Type == metrics.HistogramType {
			suffixes = []string{"_bucket", "_sum", "_count"}
		}
		for _, suffix := range suffixes {
			if name == m.Name+suffix {
				all := append([]string{"name", "job", "instance"}, m.Labels...)
				if suffix == "_bucket" {
					all = append(all, "le")
				}
				return all
			}
		}
	}
	return nil
}

// valuesOf are those of a label whose values are fixed; else none.
func valuesOf(name, label string) (values []string) {
	if !slices.Contains([]string{"operation", "code", "result"}, label) {
		return nil
	}
	for _, s := range metrics.New([]string{"contoso"}, []string{"Audit.Exchange"}).Series() {
		if i := slices.Index(s.Labels, label); s.Name == name && i >= 0 {
			values = append(values, s.Values[i])
		}
	}
	return values
}

// misused tells what is wrong with the names in a text: an expression, and what
// is said of its result.
func misused(text string) []string {
	var wrong, labels, dropped []string
	for _, m := range metric.FindAllStringSubmatch(text, -1) {
		has := labelsOf(m[1])
		if has == nil {
			wrong = append(wrong, "no metric "+m[0])
		}
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			switch values := valuesOf(m[1], l[1]); {
			case !slices.Contains(has, l[1]):
				wrong = append(wrong, fmt.Sprintf("%s has no label %s", m[1], l[1]))
			case values != nil && !slices.Contains(values, l[2]):
				wrong = append(wrong, fmt.Sprintf("%s is never %s in %s", l[1], l[2], m[1]))
			}
		}
		labels = append(labels, has...)
	}
	for _, m := range grouping.FindAllStringSubmatch(text, -1) {
		for _, l := range strings.Split(m[2], ",") {
			l = strings.TrimSpace(l)
			if !slices.Contains(labels, l) {
				wrong = append(wrong, m[0]+": no label "+l)
			}
			if m[1] == "without" {
				dropped = append(dropped, l)
			}
		}
	}
	for _, m := range mentioned.FindAllStringSubmatch(text, -1) {
		if l := m[1] + m[2]; l != "end" && (!slices.Contains(labels, l) || slices.Contains(dropped, l)) {
			wrong = append(wrong, m[0]+" is empty")
		}
	}
	return wrong
}

func TestNamesInDashboard(t *testing.T) {
	d := readDashboard(t)
	for _, v := range d.Templating.List {
		for _, w := range misused(v.Definition) {
			t.Errorf("variable %s: %s", v.Name, w)
		}
	}
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			for _, w := range misused(q.Expr + q.LegendFormat) {
				t.Errorf("panel %q: %s", p.Title, w)
			}
		}
	}
}

// alerts are the texts of the rules, by name.
func alerts(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, text := range strings.Split(string(read(t, "rules.yaml")), "- alert: ")[1:] {
		name, rest, _ := strings.Cut(text, "\n")
		all[name] = rest
	}
	if len(all) == 0 {
		t.Fatal("no alerts")
	}
	return all
}

func TestAlerts(t *testing.T) {
	tests, readme := string(read(t, "rules_test.yaml")), string(read(t, "README.md"))
	for name, text := range alerts(t) {
		for _, w := range misused(text) {
			t.Errorf("%s: %s", name, w)
		}
		for _, key := range []string{"severity: ", "summary: ", "description: ", "action: "} {
			if !strings.Contains(text, key) {
				t.Errorf("%s has no %s", name, key)
			}
		}
		if !strings.Contains(tests, `{alertname="`+name+`"}`) {
			t.Errorf("%s never fires in rules_test.yaml", name)
		}
		if !strings.Contains(readme, "`"+name+"`") {
			t.Errorf("README.md does not explain %s", name)
		}
	}
	// Series that nobody makes would let an alert stay quiet for the wrong reason.
	for _, w := range misused(strings.Join(metric.FindAllString(tests, -1), "\n")) {
		t.Errorf("rules_test.yaml: %s", w)
	}
}

// TestMisused shows that a wrong name is seen.
func TestMisused(t *testing.T) {
	for text, want := range map[string]int{
		`sum by (code) (rate(fluentbit_o365_requests_total{operation="token"}[5m])){{code}}`: 0,
		`fluentbit_o365_request_total`:                            1,
		`fluentbit_o365_requests_total{content_type="x"}`:         1,
		`sum by (content_type) (fluentbit_o365_throttled_total)`:  1,
		`fluentbit_o365_throttled_total{{code}}`:                  1,
		`sum without (tenant) (fluentbit_o365_up) $labels.tenant`: 1,
		`fluentbit_o365_event_lag_seconds`:                        1,
	} {
		if wrong := misused(text); len(wrong) != want {
			t.Errorf("%s: %q", text, wrong)
		}
	}
}

// TestQueries lets promtool read the dashboard's queries, as rules.
func TestQueries(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool, which is in Debian's package prometheus")
	}
	values := strings.NewReplacer("$__rate_interval", "5m", "$__range", "1d")
	var rules strings.Builder
	rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			fmt.Fprintf(&rules, "  - record: panel_%d_%s\n    expr: '%s'\n", p.ID, q.RefID, values.Replace(q.Expr))
		}
	}
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), promtool, "check", "rules", path).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
