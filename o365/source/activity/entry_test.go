package activity

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-08-01T10:00:00":                                   "2026-08-01T10:00:00Z",
		"2026-08-01T10:00:00.5+02:00":                           "2026-08-01T08:00:00.5Z",
		"9000-12-31T23:59:59Z":                                  "9000-12-31T23:59:59Z",
		"9000-12-31T23:59:59-00:01":                             "0001-01-01T00:00:00Z", // of 9001, in UTC
		"1900-01-01T00:00:00+00:01":                             "0001-01-01T00:00:00Z",
		"1899-12-31T23:59:59-00:01":                             "1900-01-01T00:00:59Z",
		"0000-00-00T00:00:00":                                   "0001-01-01T00:00:00Z",
		"2026-08-01 10:00:00":                                   "0001-01-01T00:00:00Z",
		"2026-08-01T10:00:00.5" + strings.Repeat("0", 99) + "Z": "0001-01-01T00:00:00Z",
	} {
		if got := parseTime(text).Format(time.RFC3339Nano); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestShortID(t *testing.T) {
	for _, id := range []string{"20200702020621634014687$20200702020621634014687$audit_exchange$Audit_Exchange$emea0036", "ä", strings.Repeat("x", maxID)} {
		if got := shortID(id); got != id {
			t.Errorf("%q became %q", id, got)
		}
	}
	seen := map[string]bool{}
	for _, id := range []string{
		strings.Repeat("x", maxID+1), strings.Repeat("x", maxID+2), "a\x1bb", "a\u202eb", "a b", "ab\n", "\xff", "a\ufffdb", strings.Repeat("\x00", 1000), strings.Repeat("ä", 1000),
	} {
		got := shortID(id)
		if utf8.RuneCountInString(got) > maxID || strings.ContainsFunc(got, func(r rune) bool { return r == ' ' || r == utf8.RuneError || !unicode.IsPrint(r) }) || seen[got] {
			t.Errorf("%q became %q", id, got)
		}
		seen[got] = true
	}
}
