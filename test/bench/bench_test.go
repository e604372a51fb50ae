package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// Everything of a small service arrives, through both plugins and in each host
// there is, and what is measured can be true.
func TestCollect(t *testing.T) {
	dir := t.TempDir()
	plugins, err := build(t.Context(), dir, "")
	if errors.Is(err, host.ErrNoCompiler) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	l, err := startLoad(t.Context(), dir, 3, 50)
	if err != nil {
		t.Fatal(err)
	}
	defer l.stop()
	if l.size.Blobs != 12 || l.size.Records != 600 || l.size.Bytes < 600*500 || l.size.Wire > l.size.Bytes/2 {
		t.Errorf("the service has %+v", l.size)
	}
	for _, h := range hosts(t, dir) {
		for _, c := range plugins {
			t.Run(h.Name+" "+c.name, func(t *testing.T) {
				u, err := runner{h, dir}.collect(t.Context(), l, c)
				if err != nil {
					t.Fatal(err)
				}
				if u.records != l.size.Records {
					t.Errorf("%d records, want %d", u.records, l.size.Records)
				}
				if u.cpu <= 0 || u.cpu > 2*u.wall+5*time.Second || u.host > u.cpu || u.peak < 10<<20 || u.peak > 1<<30 {
					t.Errorf("%+v", u)
				}
				t.Logf("%+v", u)
			})
		}
	}
}

// hosts are test/host and the Fluent Bit there is.
func hosts(t *testing.T, dir string) []rig.Host {
	t.Helper()
	standIn, err := rig.BuildHost(dir)
	if err != nil {
		t.Fatal(err)
	}
	fluentBit, err := rig.FindFluentBit()
	if err != nil {
		t.Fatal(err)
	}
	if fluentBit.Path == "" {
		return []rig.Host{standIn}
	}
	return []rig.Host{fluentBit, standIn}
}

// A plugin that delivers too little is an error, not a fast one.
func TestHostEnds(t *testing.T) {
	r := runner{rig.Host{Path: "/bin/sh"}, t.TempDir()}
	l := &load{Simulator: &rig.Simulator{}, size: api.Expectation{Records: 1}}
	_, err := r.collect(t.Context(), l, candidate{name: "x"})
	if err == nil || !strings.Contains(err.Error(), "x: the host ended by itself") {
		t.Error(err)
	}
}

func TestSumHost(t *testing.T) {
	var threads []rig.Thread
	for _, line := range []string{
		"12 (fluent-bit) S 1 2 3 4 5 6 7 8 9 10 100 100 0",
		"13 (flb-pipeline) S 1 2 3 4 5 6 7 8 9 10 20 1 0",
		"15 (flb-in-o365.0-w) S 1 2 3 4 5 6 7 8 9 10 300 300 0",
		"14 (flb-in-o365.0-w) S 1 2 3 4 5 6 7 8 9 10 5 2 0",
		"16 (a ) b) S 1 2 3 4 5 6 7 8 9 10 1000 1000 0",
	} {
		parsed, err := rig.ParseThread(line)
		if err != nil {
			t.Fatal(err)
		}
		threads = append(threads, parsed)
	}
	r := &run{fluentBit: true}
	if got, want := r.sumHost(threads), 28*rig.ClockTick; got != want {
		t.Errorf("%v, want %v", got, want)
	}
	for _, line := range []string{"", "12 (fluent-bit) S 1", "x (y) S 1 2 3 4 5 6 7 8 9 10 5 2 0"} {
		if _, err := rig.ParseThread(line); err == nil {
			t.Errorf("%q: no error", line)
		}
	}
}
