package conf_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

var update = flag.Bool("update", false, "write the tables of the pages and the comments of the configurations")

// TestDrift compares what is written about the options and the metrics with
// their declaration.
func TestDrift(t *testing.T) {
	written := map[string]func(string) (string, error){
		"../README.md":         func(text string) (string, error) { return withTable(text, "options", optionTable()) },
		"monitoring/README.md": func(text string) (string, error) { return withTable(text, "metrics", metricTable()) },
	}
	for _, path := range files(t) {
		written[path] = withComments
	}
	for path, generate := range written {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := generate(string(text))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if want == string(text) {
			continue
		}
		if !*update {
			t.Errorf("%s does not say what is declared; go generate ./o365/option writes it", path)
			continue
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func withTable(text, name, table string) (string, error) {
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	head, rest, ok := strings.Cut(text, begin)
	_, tail, okEnd := strings.Cut(rest, end)
	if !ok || !okEnd {
		return "", fmt.Errorf("no %s ... %s", strings.TrimSpace(begin), end)
	}
	return head + begin + table + end + tail, nil
}

func metricTable() string {
	var b strings.Builder
	b.WriteString("| Metric | Type | Labels | Meaning |\n| --- | --- | --- | --- |\n")
	for _, m := range metrics.All() {
		fmt.Fprintf(&b, "| `fluentbit_o365_%s` | %s | %s | %s |\n", m.Name, m.Type, strings.Join(m.Labels, ", "), m.Help)
	}
	return b.String()
}

func optionTable() string {
	byKey := func(a, b option.Option) int { return cmp.Compare(a.Key, b.Key) }
	var b strings.Builder
	b.WriteString("| Key | Description | Default |\n| --- | --- | --- |\n")
	for _, o := range slices.SortedFunc(option.All(), byKey) {
		byDefault := "_none_"
		if o.Default != "" {
			byDefault = "`" + o.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", o.Key, o.Description(), byDefault)
	}
	return b.String()
}

var (
	begin = regexp.MustCompile(`^(- name:|name) +o365$`)
	// commentable is a setting, commented out or not.
	commentable = regexp.MustCompile(`^( *)(# )?([a-z0-9_]+):? +(\S+)$`)
)

// withComments puts what the declaration says above each option of the o365
// input, in lines that begin with ##. A line that begins with one # is an
// option that is not set: it shows the default, or a sample if there is none.
func withComments(text string) (string, error) {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		bare := strings.TrimSpace(line)
		switch {
		case begin.MatchString(bare):
			inside = true
		case strings.HasPrefix(bare, "["), strings.HasSuffix(bare, "outputs:"):
			inside = false
		case inside && strings.HasPrefix(bare, "##"):
			continue
		case inside:
			m := commentable.FindStringSubmatch(strings.TrimRight(line, "\n"))
			if m == nil {
				break
			}
			o, ours := declared(m[3])
			if !ours {
				break
			}
			if m[2] != "" && o.Default != "" && m[4] != o.Default {
				return "", fmt.Errorf("%s is commented out with %s, the default is %s", o.Key, m[4], o.Default)
			}
			b.WriteString(wrap(o.Description(), m[1]+"## "))
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

// wrap breaks a sentence into lines of 100 columns at most.
func wrap(text, prefix string) string {
	var b strings.Builder
	line := prefix
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case len(line)+1+len(word) > 100:
			b.WriteString(line + "\n")
			line = prefix + word
		default:
			line += " " + word
		}
	}
	return b.String() + line + "\n"
}
