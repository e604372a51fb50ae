package main

import (
	"slices"
	"strings"
	"testing"
)

// Nothing arrives of what the service has.
func TestVerdict(t *testing.T) {
	s, err := startService(t.TempDir(), 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Down()
	tally := newTally(s)
	tally.add([]byte(`{"Id":"not one of the service's"}`))
	text, ok := tally.verdict(false, 12<<20)
	if want := "compared with what the service has: 0 lost, 0 repeated, 0 changed, 1 unexpected"; ok || !strings.Contains(text, want) {
		t.Errorf("%v, %q; want %q in it", ok, text, want)
	}
	if tally.complete() {
		t.Error("complete, though nobody has subscribed")
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		line  string
		width int
		want  string
	}{
		{"short", 80, "short"},
		{"just", 4, "just"},
		{"a bit more", 6, "a bit…"},
		{"日本支社", 3, "日本…"},
		{"no terminal", 0, "no terminal"},
	} {
		if got := cut(tt.line, tt.width); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.line, tt.width, got, tt.want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 11200: "11,200", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestLines(t *testing.T) {
	var got []string
	l := &lines{each: func(line []byte) { got = append(got, string(line)) }}
	for _, text := range []string{"a", "b\n\nc", "\n", "half"} {
		if n, err := l.Write([]byte(text)); n != len(text) || err != nil {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	if want := []string{"ab", "", "c"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
