package main

import (
	"testing"
	"time"
)

func TestPrinted(t *testing.T) {
	for text, want := range map[string]int{
		"":                       0,
		"bench 12":               0, // not written to its end
		"bench 12\nlog\nbench 1": 12,
		"bench 12\nbench 345\n":  345,
	} {
		if got := printed(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestCounted(t *testing.T) {
	const line = `2026-11-28T15:45:39.461724242Z fluentbit_input_records_total{name="bench"} = 11` + "\n"
	at := time.Date(2026, 11, 28, 15, 45, 39, 461724242, time.UTC)
	for text, want := range map[string]count{
		"":   {},
		line: {11, at},
		"x\n2026-11-28T15:45:40Z fluentbit_input_bytes_total{name=\"bench\"} = 9\n" + line + "y": {11, at},
		`2026-11-28T15:45:39Z fluentbit_input_records_total{name="other"} = 11` + "\n":           {},
		`yesterday fluentbit_input_records_total{name="bench"} = 11` + "\n":                      {},
	} {
		if got := counted(text); got.records != want.records || !got.at.Equal(want.at) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
