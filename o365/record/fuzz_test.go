package record

import (
	"bytes"
	"errors"
	"io"
	"os"
	"reflect"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
	"github.com/go-json-experiment/json/jsontext"
)

// epoch stands for the clock, so that two readings can be compared.
func epoch() time.Time { return time.Unix(0, 0) }

// addShapes adds each of the made-up records as a blob of its own.
func addShapes(f *testing.F) {
	shapes, err := os.ReadFile("testdata/shapes.json")
	if err != nil {
		f.Fatal(err)
	}
	c := elements.NewCutter(nil)
	c.Reset(bytes.NewReader(shapes), len(shapes), elements.Hooks{})
	for el, err := c.Next(); err == nil; el, err = c.Next() {
		f.Add(slices.Concat([]byte("["), el.Raw, []byte("]")))
	}
}

// FuzzBody feeds any bytes: the decoder ends, what it gives is MessagePack that
// Fluent Bit reads, and how the bytes arrive makes no difference.
func FuzzBody(f *testing.F) {
	addShapes(f)
	for _, c := range bodies {
		if len(c.body) < 1000 {
			f.Add([]byte(c.body))
		}
	}
	f.Add([]byte("\ufeff[{\"Id\":\"a\xff\"},{\"x\":[1},{\"y\":{\"z\":\"\\ud800\\\\\"},{\"Id\":2}},,[{}],\"]\\\"\",nul]"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, opt := range []Options{{Now: epoch}, {Now: epoch, MaxSize: 20, Scope: "t"}} {
			type result struct {
				events  []event
				records []Record
				bad     []Malformed
				end     string
			}
			read := func(r io.Reader) result {
				events, records, bad, err := decodeAll(r, opt)
				known := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, elements.ErrNotArray)
				if !known {
					t.Fatal(err)
				}
				if n := len(events) + len(bad); n > len(body) {
					t.Fatalf("%d elements in %d bytes", n, len(body))
				}
				res := result{events: events, records: records, end: err.Error()}
				for _, m := range bad {
					if m.Offset < 0 || m.Offset >= int64(len(body)) {
						t.Fatal(m)
					}
					res.bad = append(res.bad, Malformed{m.Index, m.Offset, m.Loose, errors.New(m.Error())})
				}
				return res
			}
			whole := read(bytes.NewReader(body))
			if single := read(iotest.OneByteReader(bytes.NewReader(body))); !reflect.DeepEqual(whole, single) {
				t.Errorf("at once %+v, byte by byte %+v", whole, single)
			}
		}
	})
}

// FuzzValues feeds arrays that jsontext reads: each object becomes an event with
// the same values in the same order, anything else is Malformed.
func FuzzValues(f *testing.F) {
	addShapes(f)
	f.Add([]byte(`[{"a":[1.5e3,-0,"\u00e9\ud800"],"a":null},1,"x",[{}],{"":{"":""}}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		lax := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
		if v := jsontext.Value(body); v.Kind() != '[' || !v.IsValid(lax...) {
			return
		}
		events, records, bad, err := decodeAll(bytes.NewReader(body), Options{})
		if err != io.EOF {
			t.Fatal(err)
		}
		dec := jsontext.NewDecoder(bytes.NewReader(body), lax...)
		if _, err := dec.ReadToken(); err != nil {
			t.Fatal(err)
		}
		for index := 0; dec.PeekKind() != ']'; index++ {
			if dec.PeekKind() != '{' {
				if len(bad) == 0 || bad[0].Index != index {
					t.Fatalf("element %d is no object, next reported is %v", index, bad)
				}
				bad = bad[1:]
				if err := dec.SkipValue(); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if len(records) == 0 || records[0].Index != index {
				t.Fatalf("element %d is missing: %v", index, bad)
			}
			if err := same(dec, events[0].body, 2); err != nil {
				t.Fatal(err)
			}
			events, records = events[1:], records[1:]
		}
		if len(events) > 0 || len(bad) > 0 {
			t.Errorf("%d events and %d others too many", len(events), len(bad))
		}
	})
}
