package handover

import (
	"strings"
	"testing"
	"time"
)

func TestParseChunks(t *testing.T) {
	const line = `2026-08-21T10:00:05.500000000Z fluentbit_input_storage_chunks{name="a = {b} 1"} = 3` + "\n"
	at := time.Date(2026, 8, 21, 10, 0, 5, 500_000_000, time.UTC)
	for text, want := range map[string]Chunks{
		"": {},
		`2026-08-21T10:00:05Z fluentbit_input_storage_chunks_up{name="a"} = 2` + "\n" + line: {3, at},
		strings.Replace(line, "2026", "today", 1):                                            {},
	} {
		if got, ok := ParseChunks(text); ok != (want.Count > 0) || ok && got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, ok, want)
		}
	}
}

func TestExit(t *testing.T) {
	begin := time.Date(2026, 8, 21, 10, 0, 0, 0, time.UTC)
	type step struct {
		after   time.Duration
		chunks  int64
		counted time.Duration // behind begin; -1: never
		ready   bool
		line    string // a part of it
	}
	for name, steps := range map[string][]step{
		"taken":          {{0, 2, -3 * time.Second, false, ""}, {time.Second, 0, -3 * time.Second, false, ""}, {2 * time.Second, 0, 2 * time.Second, true, "everything"}, {3 * time.Second, 1, 3 * time.Second, true, ""}},
		"waiting":        {{0, 2, 0, false, ""}, {5 * time.Second, 2, 5 * time.Second, false, ""}, {time.Minute, 1, time.Minute, false, "1 chunks wait"}, {61 * time.Second, 1, time.Minute, false, ""}, {time.Hour, 0, time.Hour, true, "everything"}},
		"not counted":    {{0, 0, -1, true, "does not count"}, {time.Second, 2, -1, true, ""}},
		"counted before": {{0, 2, -time.Second, false, ""}, {30 * time.Second, 2, -time.Second, false, ""}, {31 * time.Second, 2, -time.Second, true, "does not count"}, {time.Hour, 2, time.Hour, true, ""}},
		"counted then":   {{0, 0, 0, false, ""}, {time.Hour, 0, 0, false, ""}, {time.Hour + time.Second, 0, time.Hour, true, "everything"}},
	} {
		e := &Exit{}
		for i, s := range steps {
			ready, line := e.Ready(begin.Add(s.after), Chunks{s.chunks, begin.Add(s.counted)}, s.counted != -1)
			if ready != s.ready || (line == "") != (s.line == "") || !strings.Contains(line, s.line) {
				t.Errorf("%s, step %d: %v, %q", name, i, ready, line)
			}
		}
	}
}
