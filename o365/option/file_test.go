package option

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A file of testdata has a header of "# expect: error" or "# gives: key value"
// lines, then the options, one "key value" a line; a value in double quotes
// may hold Go's escapes.
type file struct {
	expect, gives []string
	set           map[string]string
}

func TestBadFiles(t *testing.T) {
	tested := map[string]bool{}
	for name, f := range files(t, "bad") {
		t.Run(name, func(t *testing.T) {
			if len(f.expect) == 0 || len(f.gives) > 0 {
				t.Fatal("a bad file has expect lines and no other")
			}
			_, err := Parse(func(key string) string { return f.set[key] })
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if !slices.Equal(got, f.expect) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(f.expect, "\n"))
			}
		})
		for _, line := range f.expect {
			key, _, _ := strings.Cut(line, ":")
			tested[key] = true
		}
	}
	for o := range All() {
		if !tested[o.Key] && !o.Type.verbatim {
			t.Errorf("no bad file for %s", o.Key)
		}
	}
}

func TestGoodFiles(t *testing.T) {
	for name, f := range files(t, "good") {
		t.Run(name, func(t *testing.T) {
			if len(f.gives) == 0 || len(f.expect) > 0 {
				t.Fatal("a good file has gives lines and no other")
			}
			v, err := Parse(func(key string) string { return f.set[key] })
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range f.gives {
				key, want, _ := strings.Cut(line, " ")
				got := v.of[key]
				if s, ok := got.(*Secret); ok {
					got = *s
				}
				if fmt.Sprint(got) != want {
					t.Errorf("%s = %v, want %s", key, got, want)
				}
			}
		})
	}
}

func files(t *testing.T, dir string) map[string]file {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", dir, "*.conf"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	all := map[string]file{}
	for _, p := range paths {
		all[strings.TrimSuffix(filepath.Base(p), ".conf")] = read(t, p)
	}
	return all
}

func read(t *testing.T, path string) file {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	f := file{set: map[string]string{}}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		head, rest, _ := strings.Cut(lines.Text(), " ")
		if head != "#" {
			if !declares(head) {
				t.Fatalf("%s: %q is not an option", path, head)
			}
			if s, err := strconv.Unquote(rest); err == nil {
				rest = s
			}
			f.set[head] = rest
			continue
		}
		key, text, _ := strings.Cut(rest, ": ")
		switch key {
		case "expect":
			f.expect = append(f.expect, text)
		case "gives":
			f.gives = append(f.gives, text)
		default:
			t.Fatalf("%s: unknown header %q", path, key)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return f
}

func declares(key string) bool {
	for o := range All() {
		if o.Key == key {
			return true
		}
	}
	return false
}
