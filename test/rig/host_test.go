package rig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindFluentBit(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "bit")
	if err := os.WriteFile(other, []byte("#!/bin/sh\necho 'Fluent Bit v9.9.9'\necho more\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FLUENT_BIT", other)
	host, err := FindHost(dir)
	if want := (Host{Name: "Fluent Bit v9.9.9", Path: other, FluentBit: true}); err != nil || host != want {
		t.Errorf("%+v, %v; want %+v", host, err, want)
	}
	t.Setenv("FLUENT_BIT", filepath.Join(dir, "none"))
	if _, err := FindHost(dir); err == nil || !strings.Contains(err.Error(), "which FLUENT_BIT names") {
		t.Errorf("a FLUENT_BIT that is not there: %v", err)
	}
	t.Setenv("FLUENT_BIT", "")
	if host, err := FindFluentBit(); err != nil || host.Path != "" {
		t.Errorf("an empty FLUENT_BIT: %+v, %v", host, err)
	}
}
