// Package host builds and drives a small program that loads the plugin as
// Fluent Bit does. The program is written in C, since two Go runtimes in one
// process would be none of Fluent Bit's situations; its source is in src and is
// built by
//
//	cc -O2 -rdynamic -o build/o365-host test/host/src/*.c -ldl -lpthread -lm
//
// Run without arguments it prints its flags.
package host

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

//go:embed src
var source embed.FS

// ErrNoCompiler means that there is no C compiler to build with.
var ErrNoCompiler = errors.New("no C compiler")

// Build compiles the host into dir with further flags for the compiler and
// returns its path. -DNO_APPEND, -DNO_METRICS, -DNO_RING_METRIC, -DNO_KV and
// -DNO_PRE_REGISTER leave out what a Fluent Bit may lack.
func Build(dir string, flags ...string) (string, error) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		return "", ErrNoCompiler
	}
	src, err := os.MkdirTemp(dir, "src")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(src, source); err != nil {
		return "", err
	}
	files, err := fs.Glob(os.DirFS(src), "src/*.c")
	if err != nil {
		return "", err
	}
	out := filepath.Join(src, "host")
	args := append([]string{"-std=gnu11", "-Wall", "-Werror", "-O2", "-g", "-rdynamic", "-o", out}, flags...)
	args = append(args, files...)
	args = append(args, "-ldl", "-lpthread", "-lm")
	return out, run(src, cc, args...)
}

// BuildPlugin builds the plugin into dir with the flags of the Makefile, with
// further build tags if there are any, and returns its path. The working
// directory is in the plugin's module.
func BuildPlugin(dir string, tags ...string) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	out, err := filepath.Abs(filepath.Join(dir, strings.Join(append([]string{"in_o365"}, tags...), "-")+".so"))
	if err != nil {
		return "", err
	}
	return out, run(root, "make", "-s", "build", "out="+out, "tags="+strings.Join(tags, ","))
}

// BuildPluginOf builds the plugin of other sources, which are in the folder src,
// with the flags of this module's Makefile. When ctx ends, so does the build.
func BuildPluginOf(ctx context.Context, src, out string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "make", "-s", "-f", filepath.Join(root, "Makefile"), "object", "out="+out)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // make hands it on
	return combined(src, cmd)
}

// moduleRoot is the folder of the module that the working directory is in. The
// error is ErrNoCompiler if nothing could be built in it.
func moduleRoot() (string, error) {
	if _, err := exec.LookPath("cc"); err != nil {
		return "", ErrNoCompiler
	}
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	return strings.TrimSpace(string(root)), nil
}

func run(dir, name string, args ...string) error {
	return combined(dir, exec.Command(name, args...))
}

// combined runs a command in dir. Its error has all that the command wrote.
func combined(dir string, cmd *exec.Cmd) error {
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd.Args[0], err, out)
	}
	return nil
}
