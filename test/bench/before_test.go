package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// clone copies the repository that this is in, so that the test changes nothing in
// it.
func clone(t *testing.T) string {
	t.Helper()
	repo := filepath.Join(t.TempDir(), "repo")
	root, err := git(t.Context(), ".", "rev-parse", "--show-toplevel")
	if err == nil {
		_, err = git(t.Context(), ".", "clone", "--quiet", "--shared", "--no-checkout", root, repo)
	}
	if err != nil {
		t.Skip("not in a repository: ", err)
	}
	return repo
}

// The plugin of a commit is built and works, and its sources are gone afterwards.
func TestBefore(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip(err)
	}
	repo, dir := clone(t), t.TempDir()
	before, err := buildBefore(t.Context(), repo, "HEAD", dir)
	if err != nil {
		t.Fatal(err)
	}
	noWorktree(t, repo, dir)
	l, err := startLoad(t.Context(), dir, 1, 50)
	if err != nil {
		t.Fatal(err)
	}
	defer l.stop()
	host, err := rig.FindHost(dir)
	if err != nil {
		t.Fatal(err)
	}
	m := meter{runner: runner{host, dir}, runs: 1}
	for _, c := range candidates("", "", before) {
		if c.plugin == before {
			m.candidates = append(m.candidates, c)
		}
	}
	if err := m.weigh(t.Context()); err != nil {
		t.Fatal(err)
	}
	tab, err := m.measure(t.Context(), 1, 50)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"before", "before, db"} {
		if r := tab.rows[i]; r.name != name || r.runs[0].records != 200 || r.idle == 0 {
			t.Errorf("%+v", r)
		}
	}
}

func TestBeforeFails(t *testing.T) {
	repo := clone(t)
	interrupted, stop := context.WithCancel(t.Context())
	stop()
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		commit string
		want   string
	}{
		{"no such commit", t.Context(), "nothing", "git rev-parse"},
		{"not an option", t.Context(), "--all", "git rev-parse"},
		{"interrupted", interrupted, "HEAD", "context canceled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if _, err := buildBefore(tt.ctx, repo, tt.commit, dir); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			noWorktree(t, repo, dir)
		})
	}
}

// A worktree goes even if git was ended while it made it, or the build was.
func TestRemoveWorktree(t *testing.T) {
	for name, spoil := range map[string]func(tree string) error{
		"whole":      func(string) error { return nil },
		"incomplete": func(tree string) error { return os.Remove(filepath.Join(tree, ".git")) },
		"gone":       os.RemoveAll,
		"locked": func(tree string) error {
			return exec.Command("git", "-C", tree, "worktree", "lock", tree).Run()
		},
	} {
		t.Run(name, func(t *testing.T) {
			repo, dir := clone(t), t.TempDir()
			tree := filepath.Join(dir, "before")
			if _, err := git(t.Context(), repo, "worktree", "add", "--quiet", "--detach", tree, "HEAD"); err != nil {
				t.Fatal(err)
			}
			if err := spoil(tree); err != nil {
				t.Fatal(err)
			}
			if err := removeWorktree(repo, tree); err != nil {
				t.Error(err)
			}
			noWorktree(t, repo, dir)
		})
	}
}

// noWorktree is that the repository has no other than itself, and dir no sources.
func noWorktree(t *testing.T, repo, dir string) {
	t.Helper()
	list, err := git(t.Context(), repo, "worktree", "list", "--porcelain")
	if err != nil || strings.Count("\n"+list, "\nworktree ") != 1 {
		t.Errorf("%v\n%s", err, list)
	}
	if _, err := os.Stat(filepath.Join(dir, "before")); !os.IsNotExist(err) {
		t.Errorf("the sources are there: %v", err)
	}
}
