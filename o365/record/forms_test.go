package record

import (
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
)

// However a service writes the records of a blob, they are the same: values, keys,
// positions and what is said of those that are too large.
func TestForms(t *testing.T) {
	lines := []string{
		`{"Id":"a","CreationTime":"2024-05-06T07:08:09"}`,
		`{"CreationTime":"2024-05-06T07:08:10","x":1}`,
		`{"Id":"large","Data":"` + strings.Repeat("x", 300<<10) + `"}`,
		"{\"Id\":\"repaired \xff\"}",
		`{"Id":"b","x":"][}{\""}`,
	}
	opt := Options{Scope: "t", MaxSize: 100 << 10, Now: epoch}
	read := func(name, body string, chunk func(io.Reader) io.Reader) ([]event, []Record) {
		events, records, bad, err := decodeAll(chunk(strings.NewReader(body)), opt)
		if len(bad) > 0 || err != io.EOF || len(events) != len(lines) {
			t.Fatalf("%s: %d events, %v, %v", name, len(events), bad, err)
		}
		// The offset is another one in each form.
		large := events[2].body
		place := large[len(large)-1].value.(object)
		for i, m := range place {
			if m.name != "offset" {
				continue
			}
			at := int(m.value.(int64))
			if !strings.HasPrefix(body[at:], lines[2]) {
				t.Errorf("%s: the large one is not at %d", name, at)
			}
			place[i].value = nil
		}
		return events, records
	}
	events, records := read("array", "["+strings.Join(lines, ",")+"]", chunked["whole"])
	for name, body := range map[string]string{
		"one a line":      strings.Join(lines, "\n"),
		"without between": strings.Join(lines, ""),
		"an array each":   "[" + strings.Join(lines, "][") + "]",
		"two arrays":      "\ufeff[" + strings.Join(lines[:2], ",") + "]\r\n\ufeff[" + strings.Join(lines[2:], ",") + "]",
		"mixed":           lines[0] + "[" + strings.Join(lines[1:4], ",") + "]" + lines[4],
	} {
		for way, chunk := range chunked {
			e, r := read(name+", "+way, body, chunk)
			if !reflect.DeepEqual(e, events) || !reflect.DeepEqual(r, records) {
				t.Errorf("%s, %s: %+v\nwant %+v", name, way, r, records)
			}
		}
	}
}

// A large record outside of any array asks for its memory like any other.
func TestResizeOutsideOfArrays(t *testing.T) {
	body := `{"Id":"` + strings.Repeat("x", 3<<20) + `"}` + "\n" + `{"Id":"b"}`
	most := 0
	d := NewDecoder(nil, Options{MaxSize: 4 << 20})
	d.Reset(Body{Reader: strings.NewReader(body), Resize: func(bytes int) error {
		most = max(most, bytes)
		return nil
	}})
	for i := range 2 {
		if _, rec, err := d.Append(nil); err != nil || rec.Index != i {
			t.Fatalf("%+v, %v", rec, err)
		}
		d.Shrink()
		if held := d.cut.Held(); held > elements.UnreservedSize {
			t.Errorf("record %d: %d bytes are held", i, held)
		}
	}
	if most < 3<<20 {
		t.Errorf("%d bytes were asked for", most)
	}
}
