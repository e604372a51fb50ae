package host

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// FindFluentBit looks for a Fluent Bit where FLUENT_BIT says, else on PATH and
// in /opt/fluent-bit/bin, and returns its path and how it names itself. The
// path is empty if there is none, or if FLUENT_BIT is set and empty.
func FindFluentBit() (path, version string, err error) {
	name, given := os.LookupEnv("FLUENT_BIT")
	candidates := []string{name}
	if !given {
		candidates = []string{"fluent-bit", "/opt/fluent-bit/bin/fluent-bit"}
	}
	for _, c := range candidates {
		if path, err = exec.LookPath(c); err != nil {
			continue
		}
		if path, err = filepath.Abs(path); err != nil {
			return "", "", err
		}
		text, err := exec.Command(path, "--version").Output()
		if err != nil {
			return "", "", fmt.Errorf("%s --version: %w", path, err)
		}
		version, _, _ = strings.Cut(string(text), "\n")
		return path, version, nil
	}
	if name != "" {
		return "", "", fmt.Errorf("there is no program %s, which FLUENT_BIT names", name)
	}
	return "", "", nil
}
