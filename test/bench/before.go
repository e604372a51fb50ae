package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
)

// buildBefore builds the plugin as it was at a commit of the repository repo, with
// the flags of today, into dir. Its sources are in a worktree until then.
func buildBefore(ctx context.Context, repo, commit, dir string) (plugin string, err error) {
	id, err := git(ctx, repo, "rev-parse", "--verify", "--quiet", "--end-of-options", commit+"^{commit}")
	if err != nil {
		return "", err
	}
	tree, err := filepath.Abs(filepath.Join(dir, "before"))
	if err != nil {
		return "", err
	}
	// Whatever was interrupted, git knows nothing of the worktree afterwards.
	defer func() {
		if removed := removeWorktree(repo, tree); err == nil {
			err = removed
		}
	}()
	if _, err := git(ctx, repo, "worktree", "add", "--quiet", "--detach", tree, id); err != nil {
		return "", err
	}
	plugin = filepath.Join(dir, "in_o365_before.so")
	return plugin, host.BuildPluginOf(ctx, tree, plugin)
}

// removeWorktree removes a worktree that may be incomplete, and locked for that
// reason.
func removeWorktree(repo, tree string) error {
	if err := os.RemoveAll(tree); err != nil {
		return err
	}
	_, err := git(context.Background(), repo, "worktree", "remove", "--force", "--force", tree)
	return err
}

// git runs git in a repository, and returns what it prints.
func git(ctx context.Context, repo string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = repo
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // git cleans up
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w %s", err, exit.Stderr)
		}
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}
