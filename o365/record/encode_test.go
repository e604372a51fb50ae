package record

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// head is an event of 2024-05-06T07:08:09 up to its map.
const head = "\x92\xd7\x00\x66\x38\x81\xd9\x00\x00\x00\x00"

// encodeOne returns the map of an event with one field v, without its header.
func encodeOne(t *testing.T, json string) (string, Record) {
	t.Helper()
	body := `[{"CreationTime":"2024-05-06T07:08:09","v":` + json + `}]`
	d := NewDecoder(strings.NewReader(body), Options{})
	buf, rec, err := d.Append([]byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	got, ok := strings.CutPrefix(string(buf), "before"+head+"\x82\xacCreationTime\xb32024-05-06T07:08:09\xa1v")
	if !ok {
		t.Fatalf("event is %q", buf)
	}
	return got, rec
}

func TestValues(t *testing.T) {
	for _, c := range []struct{ json, want string }{
		{`null`, "\xc0"},
		{`true`, "\xc3"},
		{`false`, "\xc2"},
		{`""`, "\xa0"},
		{`"a"`, "\xa1a"},
		{`"\/\"\\\b\f\n\r\t\u0000\u0011"`, "\xaa/\"\\\b\f\n\r\t\x00\x11"},
		{`"` + "d\u00e9j\u00e0 \u2013 \u200b" + `"`, "\xaed\u00e9j\u00e0 \u2013 \u200b"},
		{`"\u00e9\u200B\ud83d\udd12"`, "\xa9\u00e9\u200b\U0001f512"},
		{`"` + strings.Repeat("a", 31) + `"`, "\xbf" + strings.Repeat("a", 31)},
		{`"` + strings.Repeat("a", 32) + `"`, "\xd9\x20" + strings.Repeat("a", 32)},
		{`"` + strings.Repeat("a", 256) + `"`, "\xda\x01\x00" + strings.Repeat("a", 256)},
		{`"` + strings.Repeat("a", 255) + `"`, "\xd9\xff" + strings.Repeat("a", 255)},
		{`"` + strings.Repeat("a", 65535) + `"`, "\xda\xff\xff" + strings.Repeat("a", 65535)},
		{`"` + strings.Repeat("a", 65536) + `"`, "\xdb\x00\x01\x00\x00" + strings.Repeat("a", 65536)},
		{`[]`, "\x90"},
		{`{}`, "\x80"},
		{` [ 1 , [ ] , { "" : 2 } ] `, "\x93\x01\x90\x81\xa0\x02"},
		{`{"b":1,"a":2,"b":3}`, "\x83\xa1b\x01\xa1a\x02\xa1b\x03"},
		{`[` + strings.Repeat("1,", 14) + `1]`, "\x9f" + strings.Repeat("\x01", 15)},
		{`[` + strings.Repeat("1,", 15) + `1]`, "\xdc\x00\x10" + strings.Repeat("\x01", 16)},
		{`[` + strings.Repeat("1,", 65534) + `1]`, "\xdc\xff\xff" + strings.Repeat("\x01", 65535)},
		{`[` + strings.Repeat("1,", 65535) + `1]`, "\xdd\x00\x01\x00\x00" + strings.Repeat("\x01", 65536)},
		{`{` + strings.Repeat(`"":1,`, 15) + `"":1}`, "\xde\x00\x10" + strings.Repeat("\xa0\x01", 16)},
		{`{` + strings.Repeat(`"":1,`, 65535) + `"":1}`, "\xdf\x00\x01\x00\x00" + strings.Repeat("\xa0\x01", 65536)},
	} {
		if got, _ := encodeOne(t, c.json); got != c.want {
			t.Errorf("%.40s is %.60q, want %.60q", c.json, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		json, want string
		text       bool
	}{
		{json: `0`, want: "\x00"},
		{json: `127`, want: "\x7f"},
		{json: `128`, want: "\xcc\x80"},
		{json: `65536`, want: "\xce\x00\x01\x00\x00"},
		{json: `-1`, want: "\xff"},
		{json: `-33`, want: "\xd0\xdf"},
		{json: `-2147483649`, want: "\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"},
		{json: `9007199254740993`, want: "\xcf\x00\x20\x00\x00\x00\x00\x00\x01"},
		{json: `9223372036854775807`, want: "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"},
		{json: `-9223372036854775808`, want: "\xd3\x80\x00\x00\x00\x00\x00\x00\x00"},
		{json: `18446744073709551615`, want: "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"},
		{json: `18446744073709551616`, text: true},
		{json: `-9223372036854775809`, text: true},
		{json: `-18446744073709551615`, text: true},
		{json: `99999999999999999999`, text: true},

		{json: `-0`, want: "\xcb\x80\x00\x00\x00\x00\x00\x00\x00"},
		{json: `-0.0`, want: "\xcb\x80\x00\x00\x00\x00\x00\x00\x00"},
		{json: `0e99999999999999999999`, want: "\xcb\x00\x00\x00\x00\x00\x00\x00\x00"},
		{json: `26.0`, want: "\xcb\x40\x3a\x00\x00\x00\x00\x00\x00"},
		{json: `26.00000000000000000000000`, want: "\xcb\x40\x3a\x00\x00\x00\x00\x00\x00"},
		{json: `-1.0`, want: "\xcb\xbf\xf0\x00\x00\x00\x00\x00\x00"},
		{json: `1e9`, want: "\xcb\x41\xcd\xcd\x65\x00\x00\x00\x00"},
		{json: `0.001E+12`, want: "\xcb\x41\xcd\xcd\x65\x00\x00\x00\x00"},
		{json: `0.1`, want: "\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"},
		{json: `0.10000000000000001`, want: "\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"},
		{json: `0.30000000000000004`, want: "\xcb\x3f\xd3\x33\x33\x33\x33\x33\x34"},
		{json: `5e-324`, want: "\xcb\x00\x00\x00\x00\x00\x00\x00\x01"},
		{json: `1.7976931348623157e308`, want: "\xcb\x7f\xef\xff\xff\xff\xff\xff\xff"},
		{json: `0.90000000000000002`, want: "\xcb\x3f\xec\xcc\xcc\xcc\xcc\xcc\xcd"},
		{json: `0.90000000000000001`, text: true},
		{json: `9007199254740993.0`, text: true},
		{json: `3.141592653589793238`, text: true},
		{json: `1e400`, text: true},
		{json: `-1e400`, text: true},
		{json: `1e-400`, text: true},
		{json: `4e-324`, text: true},
		{json: `1e99999999999999999999`, text: true},
	} {
		got, rec := encodeOne(t, c.json)
		if c.text {
			c.want = string([]byte{0xa0 + byte(len(c.json))}) + c.json
		}
		if got != c.want || (rec.NumberTexts == 1) != c.text {
			t.Errorf("%s is %q with %d texts, want %q", c.json, got, rec.NumberTexts, c.want)
		}
	}
}

func TestDepth(t *testing.T) {
	const inside = 30 // what Fluent Bit reads inside a field
	for _, c := range []struct {
		name, json, want string
		stringified      int
	}{
		{"arrays", strings.Repeat("[", inside) + strings.Repeat("]", inside),
			strings.Repeat("\x91", inside-1) + "\x90", 0},
		{"objects", strings.Repeat(`{"":`, inside) + "1" + strings.Repeat("}", inside),
			strings.Repeat("\x81\xa0", inside) + "\x01", 0},
		{"one more", strings.Repeat("[", inside) + `[ ]` + strings.Repeat("]", inside),
			strings.Repeat("\x91", inside) + "\xa3[ ]", 1},
		{"in a string", strings.Repeat("[", inside) + `{"]}\"\\":[[]]},1,[2]` + strings.Repeat("]", inside),
			strings.Repeat("\x91", inside-1) + "\x93\xaf" + `{"]}\"\\":[[]]}` + "\x01\xa3[2]", 2},
	} {
		got, rec := encodeOne(t, c.json)
		if got != c.want || rec.Stringified != c.stringified {
			t.Errorf("%s: %q with %d strings, want %q with %d", c.name, got, rec.Stringified, c.want, c.stringified)
		}
	}
}

func TestRepair(t *testing.T) {
	for _, c := range []struct {
		json, want string
		repaired   int
	}{
		{"\"a\xffb\"", "\xa5a\ufffdb", 1},
		{"\"\xe2\x80\"", "\xa6\ufffd\ufffd", 2},
		{"\"\xed\xa0\x80\"", "\xa9\ufffd\ufffd\ufffd", 3},
		{"{\"\xff\":1}", "\x81\xa3\ufffd\x01", 1},
		{`"\ud83d"`, "\xa3\ufffd", 1},
		{`"\udd12\ud83d"`, "\xa6\ufffd\ufffd", 2},
		{`"\ud83d\u0041\uD83Dx"`, "\xa8\ufffdA\ufffdx", 2},
		{`"\ud83d\ud83d\udd12"`, "\xa7\ufffd\U0001f512", 1},
		{`"\\ud83d` + "\xff" + `"`, "\xa9\\ud83d\ufffd", 1},
		{"\"a\tb\nc\x00\x1f\"", "\xa7a\tb\nc\x00\x1f", 4},
		{"\"\ufffd\xff\"", "\xa6\ufffd\ufffd", 1},
	} {
		got, rec := encodeOne(t, c.json)
		if got != c.want || rec.Repaired != c.repaired {
			t.Errorf("%q is %q with %d repaired, want %q with %d", c.json, got, rec.Repaired, c.want, c.repaired)
		}
	}
}

// TestOrder compares each event with what jsontext reads from the same record.
func TestOrder(t *testing.T) {
	body, err := os.ReadFile("testdata/shapes.json")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, body)
}

// TestPublished does so with records that Microsoft and others have published.
func TestPublished(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/*.ndjson")
	if len(files) == 0 {
		t.Skip("no published records in ../shared/data beside the repository")
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			lines, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			records := bytes.Split(bytes.TrimSpace(lines), []byte("\n"))
			events := compare(t, slices.Concat([]byte("["), bytes.Join(records, []byte(",")), []byte("]")))
			if len(events) != len(records) {
				t.Errorf("%d events of %d records", len(events), len(records))
			}
		})
	}
}

func compare(t *testing.T, body []byte) []event {
	t.Helper()
	var all []event
	for way, chunk := range chunked {
		events, _, bad, err := decodeAll(chunk(bytes.NewReader(body)), Options{})
		if err != io.EOF || len(bad) > 0 {
			t.Fatalf("%s: %v, %v", way, bad, err)
		}
		dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true))
		if _, err := dec.ReadToken(); err != nil {
			t.Fatal(err)
		}
		for i, ev := range events {
			if err := same(dec, ev.body, 2); err != nil {
				t.Errorf("%s: record %d: %v", way, i, err)
			}
		}
		if tok, err := dec.ReadToken(); err != nil || tok.Kind() != ']' {
			t.Errorf("%s: %d events, then %v %v", way, len(events), tok, err)
		}
		all = events
	}
	return all
}

func TestWholeRecords(t *testing.T) {
	large := `{"Id":"large","NewValue":"` + strings.Repeat(`[{\"Key\":\"v\u00e9\"},`, 8000) + `"}`
	body := `[{"Id":"a"},` + large + `,{"Id":"b"}]`
	events := compare(t, []byte(body))
	if len(events) != 3 || len(large) < 177<<10 {
		t.Errorf("%d events, the largest record %d bytes", len(events), len(large))
	}
}
