package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

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
// none. FLUENT_BIT names one; if it is set and empty none is looked for.
func findHost(dir string) (program, error) {
	name, given := os.LookupEnv("FLUENT_BIT")
	candidates := []string{name}
	if !given {
		candidates = []string{"fluent-bit", "/opt/fluent-bit/bin/fluent-bit"}
	}
	for _, c := range candidates {
		path, err := exec.LookPath(c)
		if err != nil {
			continue
		}
		if path, err = filepath.Abs(path); err != nil {
			return program{}, err
		}
		version, err := exec.Command(path, "--version").Output()
		if err != nil {
			return program{}, fmt.Errorf("%s --version: %w", path, err)
		}
		name, _, _ := strings.Cut(string(version), "\n")
		return program{name: name, path: path, fluentBit: true}, nil
	}
	if name != "" {
		return program{}, fmt.Errorf("there is no program %s, which FLUENT_BIT names", name)
	}
	path, err := host.Build(dir)
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
