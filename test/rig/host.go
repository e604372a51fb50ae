package rig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
)

// Host is a program that loads the plugin: a Fluent Bit, or test/host. Its Path is
// empty if there is none.
type Host struct {
	Name      string // what fluent-bit --version prints, such as "Fluent Bit v5.1.1"; "test/host"
	Path      string
	FluentBit bool
}

func (h Host) String() string { return fmt.Sprintf("%s (%s)", h.Name, h.Path) }

// FindHost finds a Fluent Bit, and builds test/host into dir if there is none.
func FindHost(dir string) (Host, error) {
	h, err := FindFluentBit()
	if err != nil || h.Path != "" {
		return h, err
	}
	if h, err = BuildHost(dir); err != nil {
		return Host{}, fmt.Errorf("no Fluent Bit, and no host to stand in for it: %w", err)
	}
	return h, nil
}

// BuildHost builds test/host into dir. The error is host.ErrNoCompiler if there is
// no C compiler.
func BuildHost(dir string) (Host, error) {
	path, err := host.Build(dir)
	return Host{Name: "test/host", Path: path}, err
}

// NoFluentBit is the reason to skip a test that needs a Fluent Bit.
const NoFluentBit = "no Fluent Bit: set FLUENT_BIT, or have it on PATH or in /opt/fluent-bit/bin"

// FindFluentBit finds the Fluent Bit that FLUENT_BIT names, else one on PATH or
// in /opt/fluent-bit/bin. The path is empty if there is none, or if FLUENT_BIT is
// set and empty. It fails if what FLUENT_BIT names does not exist, or if a program
// found does not report its version.
func FindFluentBit() (Host, error) {
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
			return Host{}, err
		}
		text, err := exec.Command(path, "--version").Output()
		if err != nil {
			return Host{}, fmt.Errorf("%s --version: %w", path, err)
		}
		version, _, _ := strings.Cut(string(text), "\n")
		return Host{Name: version, Path: path, FluentBit: true}, nil
	}
	if name != "" {
		return Host{}, fmt.Errorf("there is no program %s, which FLUENT_BIT names", name)
	}
	return Host{FluentBit: true}, nil
}
