package conf_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the project's folder.
const root = ".."

// A page is a Markdown file of the project.
type page struct {
	path  string // from the root
	lines []string
	// prose are the lines with those of fenced blocks empty.
	prose []string
	// blocks are the fenced blocks, by their info string.
	blocks []block
}

type block struct{ info, text string }

// pages reads every Markdown file outside hidden folders.
func pages(t *testing.T) []page {
	t.Helper()
	var all []page
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "build") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		all = append(all, parsePage(name, string(text)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func parsePage(path, text string) page {
	p := page{path: path, lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
	var fence string
	for _, line := range p.lines {
		bare := strings.TrimSpace(line)
		switch {
		case fence == "" && strings.HasPrefix(bare, "```"):
			fence = "```"
			p.blocks = append(p.blocks, block{info: strings.TrimPrefix(bare, fence)})
			line = ""
		case fence != "" && bare == fence:
			fence, line = "", ""
		case fence != "":
			last := &p.blocks[len(p.blocks)-1]
			last.text += line + "\n"
			line = ""
		}
		p.prose = append(p.prose, line)
	}
	return p
}

// byPath is the page with that path from the root.
func byPath(t *testing.T, path string) page {
	t.Helper()
	for _, p := range pages(t) {
		if p.path == path {
			return p
		}
	}
	t.Fatalf("there is no page %s", path)
	return page{}
}

var (
	codeSpan = regexp.MustCompile("`[^`]*`")
	linkMark = regexp.MustCompile(`\[(?:[^\[\]]|\[[^\[\]]*\]\([^()]*\))*\]\(([^()\s]+)\)`)
	nestedIn = regexp.MustCompile(`!\[[^\[\]]*\]\(([^()\s]+)\)`)
	heading  = regexp.MustCompile(`^#{1,6} +(.+)$`)
	notSlug  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// anchors are the fragments by which GitHub finds the headings of a page.
func (p page) anchors() map[string]bool {
	all := make(map[string]bool)
	for _, line := range p.prose {
		m := heading.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		text := linkMark.ReplaceAllStringFunc(m[1], func(link string) string { return link[1:strings.Index(link, "](")] })
		slug := strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(strings.TrimSpace(text)), ""), " ", "-")
		all[slug] = true
	}
	return all
}

// links are the targets of links and pictures.
func (p page) links() []string {
	var all []string
	text := codeSpan.ReplaceAllString(strings.Join(p.prose, "\n"), "``")
	for _, m := range append(linkMark.FindAllStringSubmatch(text, -1), nestedIn.FindAllStringSubmatch(text, -1)...) {
		all = append(all, m[1])
	}
	return all
}

// TestLinks follows the links between pages and to files.
func TestLinks(t *testing.T) {
	byPath := make(map[string]page)
	for _, p := range pages(t) {
		byPath[p.path] = p
	}
	checked := 0
	for _, p := range byPath {
		for _, link := range p.links() {
			if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				continue
			}
			checked++
			path, fragment, hasFragment := strings.Cut(link, "#")
			target := p.path
			if path != "" {
				target = filepath.Join(filepath.Dir(p.path), path)
			}
			info, err := os.Stat(filepath.Join(root, target))
			if err != nil {
				t.Errorf("%s: the link %s leads nowhere", p.path, link)
				continue
			}
			if !hasFragment {
				continue
			}
			if info.IsDir() {
				target = filepath.Join(target, "README.md")
			}
			if !byPath[target].anchors()[fragment] {
				t.Errorf("%s: the link %s names a heading that is not there", p.path, link)
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d links were found", checked)
	}
}

// TestPageLength keeps pages short enough to be read. The changelog is no page:
// it grows with every release.
func TestPageLength(t *testing.T) {
	const most = 300 // lines
	for _, p := range pages(t) {
		if n := len(p.lines); n > most && p.path != "CHANGELOG.md" {
			t.Errorf("%s has %d lines; at most %d", p.path, n, most)
		}
	}
}

// TestFirstScreen keeps the start of the README readable on GitHub, which does
// not break the lines of a fenced block.
func TestFirstScreen(t *testing.T) {
	const screen, widest = 40, 120
	p := byPath(t, "README.md")
	for i, line := range p.lines[:screen] {
		if n := len([]rune(line)); n > widest && p.prose[i] == "" {
			t.Errorf("README.md:%d has %d characters; at most %d on the first screen", i+1, n, widest)
		}
	}
}

// TestPagesAreLinked lets nobody miss a page: the README links to each.
func TestPagesAreLinked(t *testing.T) {
	linked := map[string]bool{"README.md": true}
	for _, link := range byPath(t, "README.md").links() {
		path, _, _ := strings.Cut(link, "#")
		linked[filepath.Clean(path)] = true
	}
	for _, p := range pages(t) {
		if !linked[p.path] && !linked[filepath.Dir(p.path)] {
			t.Errorf("the README has no link to %s", p.path)
		}
	}
}

// TestPageRules shows that the rules above can be broken.
func TestPageRules(t *testing.T) {
	p := parsePage("x.md", "# Who's `there`?\n\n[a](b.md#c) `[d](e)` [![f](g.svg)](h.svg)\n\n```yaml\n# no heading\n[i](j)\n```\n")
	if got := p.anchors(); !got["whos-there"] || len(got) != 1 {
		t.Errorf("anchors %v", got)
	}
	if got := strings.Join(p.links(), " "); got != "b.md#c h.svg g.svg" {
		t.Errorf("links %s", got)
	}
	if len(p.blocks) != 1 || p.blocks[0] != (block{"yaml", "# no heading\n[i](j)\n"}) {
		t.Errorf("blocks %+v", p.blocks)
	}
}
