package conf_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A section is one [SERVICE], [INPUT] or [OUTPUT], with its settings in order.
type section struct {
	kind     string // service, input or output
	settings []setting
}

type setting struct{ key, value string }

func (s section) get(key string) string {
	for _, x := range s.settings {
		if x.key == key {
			return x.value
		}
	}
	return ""
}

// The forms that the files of this folder use of YAML and of the classic
// format, and no more: one setting a line.
var (
	yamlSetting    = regexp.MustCompile(`^ *(?:- )?([a-z0-9_.]+): (.+)$`)
	classicSetting = regexp.MustCompile(`^ *([a-z0-9_.]+) +(.+)$`)
)

func sections(t *testing.T, path string) []section {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	form := classicSetting
	if filepath.Ext(path) == ".yaml" {
		form = yamlSetting
	}
	var all []section
	var kind string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		bare := strings.TrimSpace(line)
		if bare == "" || strings.HasPrefix(bare, "#") {
			continue
		}
		if head := strings.ToLower(strings.Trim(bare, "[]:")); head != strings.ToLower(bare) {
			kind = strings.TrimSuffix(head, "s")
			if kind == "service" || strings.HasPrefix(bare, "[") {
				all = append(all, section{kind: kind})
			}
			continue
		}
		m := form.FindStringSubmatch(line)
		switch {
		case kind == "plugin":
			continue
		case m == nil:
			t.Fatalf("%s: cannot read %q", path, line)
		case strings.HasPrefix(bare, "- "):
			all = append(all, section{kind: kind})
		}
		last := &all[len(all)-1]
		last.settings = append(last.settings, setting{m[1], strings.Trim(m[2], "'")})
	}
	return all
}

// names lists the destinations: each has NAME.yaml and NAME.conf.
func names(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no configurations here", err)
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(p, ".yaml")
	}
	return paths
}

func files(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, n := range names(t) {
		all = append(all, n+".yaml", n+".conf")
	}
	return all
}

var variable = regexp.MustCompile(`\$\{([A-Z0-9_]+)\}`)

func variables(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range variable.FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[1])
	}
	return all
}

// valueOf gives a variable a value of the kind that its name promises.
func valueOf(name string) string {
	switch {
	case strings.HasSuffix(name, "_TENANT_ID"), strings.HasSuffix(name, "_CLIENT_ID"):
		return "8d3c0f9e-41b7-4f0a-9c55-6a0e1f2b7d33"
	case strings.HasSuffix(name, "_FILE"):
		return "/run/secrets/" + strings.ToLower(name)
	case strings.HasSuffix(name, "_URL"), strings.HasSuffix(name, "_ENDPOINT"):
		return "https://" + strings.ToLower(strings.ReplaceAll(name, "_", "-")) + ".example.com"
	case strings.HasSuffix(name, "_REGION"):
		return "eu-central-1"
	}
	return strings.ToLower(name)
}
