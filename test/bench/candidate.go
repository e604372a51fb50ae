package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

const naivePackage = "github.com/fluent-bit-o365/fluent-bit-o365/test/bench/naive"

// candidate is a plugin with its options, besides those that every input has.
type candidate struct {
	name    string
	plugin  string // file
	input   string // the name it registers
	options rig.Options
	db      bool
}

// build compiles both plugins.
func build(dir string) ([]candidate, error) {
	ours, err := host.BuildPlugin(dir)
	if err != nil {
		return nil, err
	}
	naive := filepath.Join(dir, "in_o365_naive.so")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-tags", "netgo,osusergo", "-trimpath", "-o", naive, naivePackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	// The yardstick has no request budget, so there must be none here.
	free := rig.Options{"requests_per_minute": "60000"}
	return []candidate{
		{name: "naive", plugin: naive, input: "o365_naive"},
		{name: "o365", plugin: ours, input: "o365", options: free},
		{name: "o365, db", plugin: ours, input: "o365", options: free, db: true},
	}, nil
}
