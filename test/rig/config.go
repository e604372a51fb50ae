package rig

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Options are the keys of a configuration section.
type Options map[string]string

// With returns the options with others on top.
func (o Options) With(others Options) Options {
	all := Options{}
	maps.Copy(all, o)
	maps.Copy(all, others)
	return all
}

// Args are the options on the command line of Fluent Bit and of test/host.
func (o Options) Args() []string {
	var args []string
	for _, key := range slices.Sorted(maps.Keys(o)) {
		args = append(args, "-p", key+"="+o[key])
	}
	return args
}

// Config is the configuration of a host, by sections. test/host reads the inputs
// only.
type Config struct {
	Service Options
	Inputs  []Options
	Outputs []Options
}

// String is the configuration file, in Fluent Bit's classic mode.
func (c Config) String() string {
	var text strings.Builder
	section := func(name string, options ...Options) {
		for _, o := range options {
			fmt.Fprintf(&text, "[%s]\n", name)
			for _, key := range slices.Sorted(maps.Keys(o)) {
				fmt.Fprintf(&text, "    %s %s\n", key, o[key])
			}
		}
	}
	section("SERVICE", c.Service)
	section("INPUT", c.Inputs...)
	section("OUTPUT", c.Outputs...)
	return text.String()
}

// Command is the host with a plugin and a configuration, which is written to
// fluent-bit.conf in dir. The flags are for test/host alone. The process is killed
// when ctx ends.
func (h Host) Command(ctx context.Context, dir, plugin string, c Config, flags ...string) (*exec.Cmd, error) {
	file := filepath.Join(dir, "fluent-bit.conf")
	if err := os.WriteFile(file, []byte(c.String()), 0o600); err != nil {
		return nil, err
	}
	args := []string{"-e", plugin, "-c", file}
	if !h.FluentBit {
		args = append(args, flags...)
	}
	return exec.CommandContext(ctx, h.Path, args...), nil
}
