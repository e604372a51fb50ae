package record

import (
	"strings"
	"testing"
)

// TestFaults has the words for what is wrong with a record. The rest is compared with the
// reference.
func TestFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"a":1 "b":2}`, `invalid character '"' after object value (expecting ',' or '}') after offset 7`},
		{`{"a":{"b~c/d":[1,{"e":NaN}]}}`, `invalid character 'N' at start of value within "/a/b~0c~1d/1/e" after offset 22`},
		{`{"a":nul}`, `invalid character '}' in literal null (expecting 'l') within "/a" after offset 8`},
		{`{"a":-x}`, `invalid character 'x' in number (expecting digit) within "/a" after offset 6`},
		{`{"a":01}`, `invalid character '1' after object value (expecting ',' or '}') after offset 6`},
		{`{"a":1.}`, `invalid character '}' in number (expecting digit) within "/a" after offset 7`},
		{`{"a":[1}`, `invalid character '}' after array element (expecting ',' or ']') within "/a" after offset 7`},
		{`{"a"}`, `invalid character '}' after object name (expecting ':') within "/a" after offset 4`},
		{`{a:1}`, `invalid character 'a' at start of string (expecting '"') after offset 1`},
		{`{–}`, `invalid character '–' at start of string (expecting '"') after offset 1`},
		{"{\xff}", `invalid character '\xff' at start of string (expecting '"') after offset 1`},
		{"{\"a\":\"\n\"}", `invalid character '\n' in string (expecting non-control character) within "/a" after offset 6`},
		{"{\"a\":\"\u00e9\xff\"}", `invalid UTF-8 within "/a" after offset 8`},
		{`{"a":"\x"}`, "invalid escape sequence `\\x` in string within \"/a\" after offset 6"},
		{`{"a":"\u12"}`, "invalid escape sequence `\\u12\"}` in string within \"/a\" after offset 6"},
		{`{"a":"\ud83dabcdef"}`, "invalid surrogate pair `\\ud83dabcdef` in string within \"/a\" after offset 6"},
		{`{"a":"` + "\\\n" + `"}`, `invalid escape sequence "\\\n" in string within "/a" after offset 6`},
		{`{"a":"b`, `unexpected EOF within "/a" after offset 7`},
		{`{"` + strings.Repeat("é", 60) + `":}`, `invalid character '}' at start of value within "/` +
			strings.Repeat("é", 24) + "…" + strings.Repeat("é", 25) + `" after offset 124`},
	} {
		var tr transcoder
		if tr.record(nil, []byte(c.text)).size > 0 {
			t.Errorf("%s is valid", c.text)
		} else if got := tr.explain().Error(); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
}
