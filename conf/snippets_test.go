package conf_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// The whole configurations in the pages, by a name for each.
const readmeYAML, classicText = "README.yaml", "conf-README.conf"

// snippets are the configurations in the pages.
func snippets(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for name, at := range map[string]struct{ page, info, mark string }{
		readmeYAML:  {"README.md", "yaml", "pipeline:\n"},
		classicText: {"conf/README.md", "text", "[INPUT]\n"},
	} {
		for _, b := range byPath(t, at.page).blocks {
			if b.info == at.info && strings.Contains(b.text, at.mark) {
				all[name] = b.text
			}
		}
		if all[name] == "" {
			t.Fatalf("%s has no configuration", at.page)
		}
	}
	return all
}

// TestSnippets holds that the two say the same, with options that exist, and
// lose nothing.
func TestSnippets(t *testing.T) {
	dir := t.TempDir()
	of := make(map[string][]section)
	for name, text := range snippets(t) {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		of[name] = sections(t, path)
		checkOptions(t, name, of[name])
	}
	yaml, classic := of[readmeYAML], of[classicText]
	if len(yaml) != 3 || len(classic) != 3 {
		t.Fatalf("%d sections in YAML, %d in classic", len(yaml), len(classic))
	}
	for i := range yaml {
		y, c := yaml[i].settings, slices.DeleteFunc(classic[i].settings, loadsPlugins)
		if yaml[i].kind != classic[i].kind || !slices.Equal(y, c) {
			t.Errorf("section %d: YAML\n%v %v\nclassic\n%v %v", i, yaml[i].kind, y, classic[i].kind, c)
		}
		need := map[string]string{"service": "storage.path", "input": "db", "output": "retry_limit"}[yaml[i].kind]
		if yaml[i].get(need) == "" {
			t.Errorf("%s without %s", yaml[i].kind, need)
		}
	}
}

// TestMailSnippets compares what is shown of mail with the options, and with the
// mail that the tests of o365/alert want.
func TestMailSnippets(t *testing.T) {
	p := byPath(t, "conf/monitoring/README.md")
	set := map[string]string{option.TenantID: valueOf("O365_TENANT_ID")}
	var shown string
	for _, b := range p.blocks {
		switch {
		case b.info == "yaml":
			for line := range strings.Lines(b.text) {
				if m := yamlSetting.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
					set[m[1]] = m[2]
				}
			}
		case strings.HasPrefix(b.text, "Subject: "):
			shown = b.text
		}
	}
	if len(set) < 5 || shown == "" {
		t.Fatalf("settings %v, mail %q", set, shown)
	}
	for key := range set {
		if _, ours := declared(key); !ours {
			t.Errorf("there is no option %s", key)
		}
	}
	if _, err := option.Parse(func(key string) string { return set[key] }); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "o365/alert/testdata/failing.txt"))
	if err != nil {
		t.Fatal(err)
	}
	mail := strings.Split(string(text), "\n")
	for line := range strings.Lines(shown) {
		line = strings.TrimRight(line, "\n")
		if strings.TrimSpace(line) == string(cut) {
			continue
		}
		i := slices.Index(mail, line)
		if i < 0 {
			t.Errorf("the mail has no line %q there", line)
			continue
		}
		mail = mail[i+1:]
	}
}

// TestFirstRun finds what the README shows of make run in the code.
func TestFirstRun(t *testing.T) {
	made := readCode(t, "o365", "test/demo")
	var shown string
	for _, b := range byPath(t, "README.md").blocks {
		if strings.Contains(b.text, "make run") {
			shown = b.text
		}
	}
	number := 0
	for line := range strings.Lines(shown) {
		line = strings.TrimRight(line, "\n")
		before := regexp.MustCompile(`^(== |\[ info\] \[input:\S+\] [0-9a-f-]{36}: )`).FindString(line)
		if before == "" {
			continue
		}
		number++
		if !made.prints(strings.TrimPrefix(line, before)) {
			t.Errorf("no code prints %q", line)
		}
	}
	if number < 5 {
		t.Errorf("the README shows %d lines of make run: %s", number, shown)
	}
}

// prints reports whether a line, up to a … in it, comes out of a template with
// something in its holes.
func (c *code) prints(line string) bool {
	const least = 5 // letters: "X loads Y"
	line, _, isCut := strings.Cut(line, string(cut))
	line = strings.TrimRight(line, " ;,")
	return slices.ContainsFunc(c.templates, func(t []rune) bool {
		fixed := strings.Split(strings.TrimPrefix(string(t), "== "), string(hole))
		for n := len(fixed); n > 0; n-- {
			form := ""
			for i, f := range fixed[:n] {
				if i > 0 {
					form += ".+"
				}
				form += regexp.QuoteMeta(f)
			}
			if n < len(fixed) {
				form += ".+"
			}
			if letters(strings.Join(fixed[:n], "")) >= least && regexp.MustCompile("^"+form+"$").MatchString(line) {
				return true
			}
			if !isCut {
				return false
			}
		}
		return false
	})
}
