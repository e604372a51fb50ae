package option

import "testing"

// What is odd about a secret is named, and its text is not.
func TestOddities(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"plain", "a.b~C_8Q$", ""},
		{"a GUID", "8d3c0f9e-41b7-4f0a-9c55-6a0e1f2b7d33", ""},
		{"quotes inside", `a"b"c`, ""},
		{"one quote", `"`, ""},
		{"double quotes", `"abc"`, "quotes around it"},
		{"single quotes", `'abc'`, "quotes around it"},
		{"typographic quotes", "\u201cabc\u201d", "quotes around it, characters in it that are not ASCII"},
		{"blank at the end", "abc ", "a blank at its end"},
		{"blank at the start", "\tabc", "a blank at its start"},
		{"a no-break space at the end", "abc\u00a0", "a blank at its end"},
		{"quotes and blanks", ` "abc" `, "a blank at its start, a blank at its end, quotes around it"},
		{"two lines", "abc\ndef", "a line break in it"},
		{"a zero-width space", "a\u200bc", "characters in it that are not ASCII"},
		{"a BOM inside", "a\ufeffc", "characters in it that are not ASCII"},
		{"no UTF-8", "a\xe4c", "characters in it that are not ASCII"},
		{"NUL", "abc\x00", "control characters in it"},
		{"a variable", "${SECRET}", "a variable in it that was not replaced"},
	} {
		if got := Secret(tt.value).Oddities(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	for value, want := range map[string]bool{"": true, "  ": true, `""`: true, " '' ": true, "a": false, `"a"`: false, `"`: false} {
		if got := Secret(value).IsBlank(); got != want {
			t.Errorf("IsBlank(%q) = %v", value, got)
		}
	}
}
