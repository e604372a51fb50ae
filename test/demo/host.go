package main

import (
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
)

// program loads the plugin.
type program struct {
	name      string
	path      string
	fluentBit bool
}

func (p program) String() string { return fmt.Sprintf("%s (%s)", p.name, p.path) }

// findHost looks for a Fluent Bit and builds test/host into dir if there is
// none.
func findHost(dir string) (program, error) {
	path, version, err := host.FindFluentBit()
	if err != nil {
		return program{}, err
	}
	if path != "" {
		return program{name: version, path: path, fluentBit: true}, nil
	}
	path, err = host.Build(dir)
	if err != nil {
		return program{}, fmt.Errorf("no Fluent Bit, and no host to stand in for it: %w", err)
	}
	return program{name: "test/host, in place of a Fluent Bit,", path: path}, nil
}

// command prints records as JSON lines. State goes to dir.
func (p program) command(plugin, dir string, options [][2]string) *exec.Cmd {
	options = append(options, [2]string{"db", filepath.Join(dir, "o365.db")})
	args := []string{"-e", plugin}
	if p.fluentBit {
		args = append(args, "-f", "1", "-b", filepath.Join(dir, "storage"))
		options = append(options, [2]string{"storage.type", "filesystem"})
	}
	args = append(args, "-i", "o365")
	for _, o := range options {
		args = append(args, "-p", o[0]+"="+o[1])
	}
	if p.fluentBit {
		args = append(args, "-o", "stdout", "-m", "*", "-p", "format=json_lines", "-p", "json_date_key=false")
	}
	return exec.Command(p.path, args...)
}
