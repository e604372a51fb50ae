package main

import (
	"os/exec"
	"path/filepath"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// command prints records as JSON lines. State goes to dir.
func command(h rig.Host, plugin, dir string, options rig.Options) *exec.Cmd {
	options = options.With(rig.Options{"db": filepath.Join(dir, "o365.db")})
	args := []string{"-e", plugin}
	if h.FluentBit {
		args = append(args, "-f", "1", "-b", filepath.Join(dir, "storage"))
		options["storage.type"] = "filesystem"
	}
	args = append(append(args, "-i", "o365"), options.Args()...)
	if h.FluentBit {
		args = append(args, "-o", "stdout", "-m", "*", "-p", "format=json_lines", "-p", "json_date_key=false")
	}
	return exec.Command(h.Path, args...)
}
