package conf_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// layoutRow is a row of CONTRIBUTING's table of folders: its folder, what it is about,
// and the folders it may import.
var layoutRow = regexp.MustCompile(`(?m)^\| \[([^\]]+)\]\([^)]+\) \| (.+) \| (.*?) ?\|$`)

// TestImports holds the table of folders against what the packages import: no more
// than their row names, and no less. In test/ only the product's folders count.
func TestImports(t *testing.T) {
	text, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string][]string{}
	for _, row := range layoutRow.FindAllStringSubmatch(string(text), -1) {
		named[row[1]] = []string{}
		for _, folder := range strings.Split(row[3], ", ") {
			if folder = strings.Trim(folder, "`"); folder != "" {
				named[row[1]] = append(named[row[1]], folder)
			}
		}
	}
	packages := imported(t)
	for folder, imports := range packages {
		allowed, ok := named[folder]
		if !ok {
			if _, below := named[parent(folder)]; !below {
				t.Errorf("%s has no row in CONTRIBUTING.md", folder)
			}
			continue
		}
		for _, i := range imports {
			if !slices.Contains(allowed, i) && !(strings.HasPrefix(folder, "test/") && strings.HasPrefix(i, "test/")) {
				t.Errorf("%s imports %s, which its row in CONTRIBUTING.md does not name", folder, i)
			}
		}
		for _, a := range allowed {
			if !slices.Contains(imports, a) {
				t.Errorf("%s does not import %s, which its row in CONTRIBUTING.md names", folder, a)
			}
		}
	}
	for folder := range named {
		if info, err := os.Stat("../" + folder); err != nil || !info.IsDir() {
			t.Errorf("CONTRIBUTING.md has a row for %s, which is no folder", folder)
		}
	}
}

func parent(folder string) string { return folder[:max(0, strings.LastIndex(folder, "/"))] }

// imported returns the folders that the code of each folder imports, tests aside.
func imported(t *testing.T) map[string][]string {
	list := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Module", "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
			Module     struct{ Path string }
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		module := p.Module.Path + "/"
		folder := strings.TrimPrefix(p.ImportPath, module)
		all[folder] = []string{}
		for _, i := range p.Imports {
			if strings.HasPrefix(i, module) {
				all[folder] = append(all[folder], strings.TrimPrefix(i, module))
			}
		}
	}
}
