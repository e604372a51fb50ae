package main

import (
	"context"
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
	rivals  []string // names of those that it is compared with
	plugin  string   // file
	input   string   // the name it registers
	options rig.Options
	db      bool
	archive bool // in a folder
}

// yardstick is the name of the candidate that all others are compared with.
const yardstick = "naive"

// build compiles the plugins, and that of an earlier commit as well if against
// names one.
func build(ctx context.Context, dir, against string) ([]candidate, error) {
	ours, err := host.BuildPlugin(dir)
	if err != nil {
		return nil, err
	}
	naive := filepath.Join(dir, "in_o365_naive.so")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-tags", "netgo,osusergo", "-trimpath", "-o", naive, naivePackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	var before string
	if against != "" {
		if before, err = buildBefore(ctx, ".", against, dir); err != nil {
			return nil, fmt.Errorf("the plugin at %s: %w", against, err)
		}
	}
	return candidates(naive, ours, before), nil
}

// candidates are the plugins in files; before may be empty.
func candidates(naive, ours, before string) []candidate {
	// The yardstick has no request budget, so there must be none here. An earlier
	// plugin gets what the first one knew.
	free := rig.Options{"requests_per_minute": "60000"}
	all := []candidate{
		{name: yardstick, plugin: naive, input: "o365_naive"},
		{name: "o365", rivals: []string{yardstick}, plugin: ours, input: "o365", options: free},
		{name: "o365, db", rivals: []string{yardstick}, plugin: ours, input: "o365", options: free, db: true},
		{name: "o365, db, archive", rivals: []string{"o365, db"}, plugin: ours, input: "o365", options: free, db: true, archive: true},
	}
	if before == "" {
		return all
	}
	all[1].rivals = append(all[1].rivals, "before")
	all[2].rivals = append(all[2].rivals, "before, db")
	return append(all,
		candidate{name: "before", rivals: []string{yardstick}, plugin: before, input: "o365", options: free},
		candidate{name: "before, db", rivals: []string{yardstick}, plugin: before, input: "o365", options: free, db: true})
}

// withoutDB are the candidates that keep no state.
func withoutDB(all []candidate) (without []candidate) {
	for _, c := range all {
		if !c.db {
			without = append(without, c)
		}
	}
	return without
}
