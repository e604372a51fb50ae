package archive

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	for _, tt := range []struct{ name, json, want string }{
		{"records", `[{"a":1},{"a":[1,{"b":2}]}]`, "{\"a\":1}\n{\"a\":[1,{\"b\":2}]}\n"},
		{"white space", "\xEF\xBB\xBF [ {\"a\": 1,\r\n \"b\":2} ,\n\n {\"c\":3}\n]\n", "{\"a\": 1,   \"b\":2}\n{\"c\":3}\n"},
		{"brackets and quotes in strings", `[{"a":"],[{\"}\\"},{"b":"\\\\\"\n"}]`, "{\"a\":\"],[{\\\"}\\\\\"}\n{\"b\":\"\\\\\\\\\\\"\\n\"}\n"},
		{"none", `[]`, ""},
		{"nothing", ``, ""},
		{"no array", `{"a":1}`, "{\"a\":1}\n"},
		{"two values", `{"a":1} {"b":2}`, "{\"a\":1}\n{\"b\":2}\n"},
		{"two arrays", `[{"a":1}][{"b":2},3]`, "{\"a\":1}\n{\"b\":2}\n3\n"},
		{"a value before an array", `1 [2] "x"`, "1\n2\n\"x\"\n"},
		{"an array in the array", `[[1,2],null,"x"]`, "[1,2]\nnull\n\"x\"\n"},
		{"cut off", `[{"a":1},{"b"`, "{\"a\":1}\n{\"b\"\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for size := 1; size <= max(1, len(tt.json)); size++ {
				var out bytes.Buffer
				l := &lines{to: &out}
				for rest := tt.json; rest != ""; {
					n := min(size, len(rest))
					l.Write([]byte(rest[:n]))
					rest = rest[n:]
				}
				l.end()
				if out.String() != tt.want {
					t.Fatalf("in pieces of %d:\n%q, want\n%q", size, out.String(), tt.want)
				}
			}
		})
	}
}

// Of any array that is JSON, each line is the JSON of one element.
func FuzzLines(f *testing.F) {
	f.Add(`[{"a":"x\"]"}, [1,[2]], "}", 3 ]`)
	f.Add("[\n{\r\n\"a\" :\t{}}\n]")
	f.Fuzz(func(t *testing.T, text string) {
		var elements []json.RawMessage
		if json.Unmarshal([]byte(text), &elements) != nil || elements == nil {
			return
		}
		var out bytes.Buffer
		l := &lines{to: &out}
		l.Write([]byte(text))
		l.end()
		got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(elements) == 0 {
			if out.Len() > 0 {
				t.Fatalf("%q of no elements", out.String())
			}
			return
		}
		if len(got) != len(elements) {
			t.Fatalf("%d lines of %d elements: %q", len(got), len(elements), out.String())
		}
		for i, e := range elements {
			var a, b bytes.Buffer
			if json.Compact(&a, e) != nil || json.Compact(&b, []byte(got[i])) != nil || a.String() != b.String() {
				t.Errorf("element %d is %q, not %q", i, got[i], e)
			}
		}
	})
}
