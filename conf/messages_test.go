package conf_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// The first column of a table whose head is "Message" quotes what the plugin
// logs, in backticks. In it, capitals of this list stand for what varies, and …
// for text that is left out.
var placeholder = regexp.MustCompile(`\b(ADDRESS|BLOB|DIR|FILE|HOST|KEY|METHOD|N|PERMISSION|PORT|TAG|TENANT|TIME|TYPE|VALUE|WHAT)\b`)

// foreign are the messages of others. They stand in the pages with their
// source, as in: `message` (from Fluent Bit).
var foreign = map[string]string{
	"configuration property 'KEY' is set N times": "Fluent Bit",
	"unknown configuration property 'KEY'":        "Fluent Bit",
	"version 'GLIBC_2.34' not found":              "Fluent Bit",
	"SMTP AUTH failed: 535":                       "the mail library",
	"…certificate signed by unknown authority":    "Go",
}

const (
	hole = '\x00' // in a template what varies, in a message a placeholder
	cut  = '…'    // in a message anything
	// leastLetters must be fixed in a message, which else would stand for many.
	leastLetters = 8
)

// TestMessages finds every message that a page quotes in the code.
func TestMessages(t *testing.T) {
	code := readCode(t, "o365", "plugin")
	number := 0
	for _, p := range pages(t) {
		for _, q := range p.messages() {
			number++
			switch {
			case q.from != "":
				if foreign[q.text] != q.from {
					t.Errorf("%s:%d: %q is not known as a message of %s", p.path, q.line, q.text, q.from)
				}
			case letters(placeholder.ReplaceAllString(q.text, "")) < leastLetters:
				t.Errorf("%s:%d: %q is too short to be found in a log", p.path, q.line, q.text)
			case !code.makes(q.text):
				t.Errorf("%s:%d: no code has the message %q", p.path, q.line, q.text)
			}
		}
	}
	if number < 100 {
		t.Errorf("only %d messages were found in the pages", number)
	}
	t.Logf("%d messages", number)
}

// TestMakes shows which messages are held to be the code's, and which are not.
func TestMakes(t *testing.T) {
	code := parseCode(t, map[string]string{
		"a.go": `package a
			const key = "queue_size"
			var _ = fmt.Errorf("db %q: %w", path, err)
			var _ = errors.New("in use by another process")
			var _ = fmt.Errorf("%w (%s)", err, owner)
			var _ = fmt.Sprintf("pid %d on %s", pid, host)
			var _ = "clock is " + direction + " that of Microsoft"
			var _ = "it needs " + key
			var _ = "a long line, " +
				"broken in two"`,
		"b.c": `log("[input:o365] \"daemon on\" cannot "
			"be used");`,
	})
	for message, want := range map[string]bool{
		`in use by another process`:                            true,
		`db "FILE": in use by another process (pid N on HOST)`: true,
		`db "FILE": …`:                                         true,
		`in use by another …`:                                  true,
		`clock is … that of Microsoft`:                         true,
		`db "FILE": … (pid N on HOST)`:                         true,
		`it needs queue_size`:                                  true,
		`a long line, broken in two`:                           true,
		`"daemon on" cannot be used`:                           true,
		`in use by another`:                                    false, // … is missing
		`in use by another program`:                            false,
		`db "FILE": in use by somebody else`:                   false,
		`clock is ahead of that of Microsoft`:                  false, // nobody knows whether it can be that
		`it needs batch_size`:                                  false,
		`db "in use by another process" (pid N on HOST)`:       false,
	} {
		if got := code.makes(message); got != want {
			t.Errorf("%q: %v", message, got)
		}
	}
}

// A quote is a message in a page.
type quote struct {
	line       int
	text, from string
}

var quoted = regexp.MustCompile("`([^`]+)`(?: \\(from ([^)]+)\\))?")

func (p page) messages() []quote {
	var all []quote
	inside := false
	for i, line := range p.prose {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			inside = false
			continue
		}
		first := strings.TrimSpace(cells[1])
		if first == "Message" {
			inside = true
		}
		if !inside {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(first, -1) {
			all = append(all, quote{i + 1, m[1], m[2]})
		}
	}
	return all
}

// code has the texts of the program, with holes where something is put in.
type code struct {
	templates [][]rune
	made      map[string]bool // what makes has found out
}

// makes reports whether a message comes out of the templates: it is one of them
// whole, or with others in its holes.
func (c *code) makes(message string) bool {
	message = placeholder.ReplaceAllString(message, string(hole))
	message = aroundCut.ReplaceAllString(message, string(cut))
	return c.from([]rune(message))
}

var aroundCut = regexp.MustCompile(` *… *`)

func (c *code) from(message []rune) bool {
	key := string(message)
	known, ok := c.made[key]
	if ok {
		return known
	}
	c.made[key] = false // while it is being found out: nothing is made of itself
	c.made[key] = slices.ContainsFunc(c.templates, func(template []rune) bool {
		return alike(template, message) && c.matches(template, message, make(map[[2]int]bool))
	})
	return c.made[key]
}

// matches compares the rest of a template with that of a message. It goes
// through each pair of rests once.
func (c *code) matches(t, m []rune, seen map[[2]int]bool) bool {
	at := [2]int{len(t), len(m)}
	if len(t) == 0 && len(m) == 0 {
		return true
	}
	if len(m) == 0 || seen[at] {
		return false
	}
	seen[at] = true // and it did not match, or this would be over
	if m[0] == cut && (c.matches(t, m[1:], seen) || len(t) > 0 && c.matches(t[1:], m, seen)) {
		return true
	}
	if len(t) == 0 {
		return false
	}
	if t[0] != hole {
		return t[0] == m[0] && c.matches(t[1:], m[1:], seen)
	}
	for _, filled := range []string{string(hole), `"` + string(hole) + `"`} {
		if n := len(filled); len(m) >= n && string(m[:n]) == filled && c.matches(t[1:], m[n:], seen) {
			return true
		}
	}
	for n := 1; n <= len(m); n++ {
		ends := len(t) == 1 && n == len(m) || len(t) > 1 && n < len(m) && (t[1] == m[n] || t[1] == hole || m[n] == cut)
		if ends && letters(string(m[:n])) >= leastInHole && c.from(m[:n]) && c.matches(t[1:], m[n:], seen) {
			return true
		}
	}
	return false
}

// alike spares most comparisons: the ends of both are equal, or open.
func alike(t, m []rune) bool {
	open := func(a, b rune) bool { return a == b || a == hole || b == cut }
	return open(t[0], m[0]) && open(t[len(t)-1], m[len(m)-1])
}

// leastInHole is how many letters of another template must fill a hole: with
// fewer, any text could be put together.
const leastInHole = 4

func letters(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

// readCode reads the sources below folders of the project, without tests.
func readCode(t *testing.T, folders ...string) *code {
	t.Helper()
	sources := make(map[string]string)
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if ext := filepath.Ext(path); err != nil || ext != ".go" && ext != ".c" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			sources[path] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return parseCode(t, sources)
}

func parseCode(t *testing.T, sources map[string]string) *code {
	t.Helper()
	var parsed []*ast.File
	c := &code{made: make(map[string]bool)}
	for path, text := range sources {
		if filepath.Ext(path) == ".c" {
			c.readC(text)
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	constants := make(map[string]string)
	for _, f := range parsed {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Names) != len(spec.Values) {
				return true
			}
			for i, name := range spec.Names {
				if text, ok := literal(spec.Values[i]); ok {
					constants[name.Name] = text
				}
			}
			return true
		})
	}
	for _, f := range parsed {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.BinaryExpr:
				if text, ok := joined(n, constants); ok {
					c.add(text)
				}
			case *ast.BasicLit:
				if text, ok := literal(n); ok {
					c.add(text)
				}
			}
			return true
		})
	}
	return c
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// joined is the text of a sum of strings, with a hole for what is no literal and
// no constant; ok if there is a literal in it.
func joined(e ast.Expr, constants map[string]string) (text string, ok bool) {
	if text, ok = literal(e); ok {
		return text, true
	}
	switch e := e.(type) {
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		x, okX := joined(e.X, constants)
		y, okY := joined(e.Y, constants)
		return x + y, okX || okY
	case *ast.Ident:
		if text, ok := constants[e.Name]; ok {
			return text, false
		}
	case *ast.SelectorExpr:
		if text, ok := constants[e.Sel.Name]; ok {
			return text, false
		}
	}
	return string(hole), false
}

var (
	verb       = regexp.MustCompile(`%(?:\[\d+\])?[-+# 0]*[\d.]*[a-zA-Z]`)
	cStrings   = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*`)
	cAdjacent  = regexp.MustCompile(`"\s*"`)
	withPrefix = "[input:o365] " // before there is a name of an input
)

func (c *code) add(text string) {
	text = strings.TrimPrefix(text, withPrefix)
	text = verb.ReplaceAllString(text, string(hole))
	text = strings.TrimSpace(strings.ReplaceAll(text, "%%", "%"))
	if text != "" && text != string(hole) {
		c.templates = append(c.templates, []rune(text))
	}
}

func (c *code) readC(text string) {
	for _, s := range cStrings.FindAllString(text, -1) {
		// A quote that is escaped is not the end of a part.
		s = cAdjacent.ReplaceAllString(strings.ReplaceAll(s, `\"`, "\x01"), "")
		c.add(strings.ReplaceAll(strings.Trim(s, `"`), "\x01", `"`))
	}
}
