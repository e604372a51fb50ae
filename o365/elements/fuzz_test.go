package elements

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"testing"
	"testing/iotest"
)

// pieces is a reader that gives so many bytes at once, in turn; 0 is none.
type pieces struct {
	text  []byte
	sizes []byte
	at    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.text) == 0 {
		return 0, io.EOF
	}
	n := len(p.text)
	if len(p.sizes) > 0 {
		n = int(p.sizes[p.at%len(p.sizes)])
		p.at++
	}
	n = copy(b, p.text[:min(n, len(p.text))])
	p.text = p.text[n:]
	return n, nil
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

// part is an element that is kept, and what Skip was given of it.
type part struct {
	Raw, Skipped []byte
	Offset, Size int64
	Err          string
}

// cutWithin cuts a body and fails where a bound does not hold.
func cutWithin(t *testing.T, r io.Reader, body []byte, limit int, valid func([]byte) int) (parts []part, end string) {
	t.Helper()
	allowed := UnreservedSize // what has been asked for
	var skipped []byte
	c := NewCutter(valid)
	held := func() {
		if buffer := c.Held() - cap(c.open.stack); buffer > allowed || cap(c.open.stack) > 2*maxDepth {
			t.Fatalf("%d bytes are held where %d may be, and %d for brackets", buffer, allowed, cap(c.open.stack))
		}
	}
	c.Reset(readFunc(func(b []byte) (int, error) { held(); return r.Read(b) }), limit, Hooks{
		Resize: func(n int) error {
			if allowed = max(n, UnreservedSize); allowed > max(UnreservedSize, limit+2*readSize) {
				t.Fatalf("%d bytes are wanted for elements of %d", n, limit)
			}
			return nil
		},
		Skip: func(b []byte) { skipped = append(skipped, b...) },
	})
	behind := int64(0)
	for range len(body) + 2 {
		skipped = nil
		el, err := c.Next()
		held()
		if err != nil {
			for range 3 {
				if el, again := c.Next(); again != err || !reflect.DeepEqual(el, Element{}) {
					t.Fatalf("after %v comes %+v, %v", err, el, again)
				}
			}
			if err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrNotArray) {
				t.Fatal(err)
			}
			return parts, err.Error()
		}
		p := part{Offset: el.Offset, Size: el.Size}
		if el.Offset < behind || el.Size < 0 || el.Offset+el.Size > int64(len(body)) {
			t.Fatalf("%d bytes at %d of %d, after %d", el.Size, el.Offset, len(body), behind)
		}
		behind = el.Offset + el.Size
		switch text := body[el.Offset:behind]; {
		case el.Err == nil && (!bytes.Equal(el.Raw, text) || len(el.Raw) > limit || text[0] != '{'):
			t.Fatalf("%q is cut as %q", text, el.Raw)
		case el.Valid && !json.Valid(text):
			t.Fatalf("%q is no JSON", text)
		case el.Err == nil:
			p.Raw = bytes.Clone(el.Raw)
		case el.Err == ErrTooLarge && (!bytes.Equal(skipped, text) || el.Size <= int64(limit)):
			t.Fatalf("of %q was skipped %q", text, skipped)
		case el.Err == ErrTooLarge:
			p.Skipped = skipped
		}
		if el.Err != nil {
			p.Err = el.Err.Error()
		}
		parts = append(parts, p)
	}
	t.Fatal("it does not end")
	return nil, ""
}

// FuzzCut cuts any bytes, of which a part may come often: what comes of them is
// within the bounds and the same however they arrive, and of an array that
// encoding/json reads it is the elements.
func FuzzCut(f *testing.F) {
	for _, c := range bodies {
		f.Add([]byte(c.body[:min(len(c.body), 200)]), []byte(nil), []byte(nil), uint16(0), uint32(1000), []byte{1, 0, 3})
	}
	f.Add([]byte(`[{"a":"`), []byte(`\"x`), []byte(`"},{"b":[{}]}]`), uint16(9), uint32(12), []byte{1})
	f.Add([]byte(`[{"a":"`), []byte(`abcdefgh`), []byte(`"},{"b":[{}]}]`), uint16(60000), uint32(300<<10), []byte{255})
	f.Add([]byte(`[{"a":"`), []byte(`abcdefgh`), []byte(`"},{"b":[{}]}]`), uint16(60000), uint32(500<<10), []byte{200, 1})
	f.Add([]byte(`[{"a":"`), []byte(`abcdefgh`), []byte(`"},{"b":[{}]}]`), uint16(35000), uint32(300<<10), []byte(nil))
	f.Add([]byte(`[`), []byte(`{"a":[`), []byte(`]}]`), uint16(6000), uint32(0), []byte{7})
	f.Add([]byte(`[`), []byte(`{"a":"}"}, 1, `), []byte(`"x"]`), uint16(99), uint32(8), []byte{13})
	f.Add([]byte(`[{"a":1}]`), []byte("\ufeff[{\"b\":2},]\n"), []byte(`[{"c":`), uint16(40), uint32(1000), []byte{3, 1})
	f.Add([]byte(`{"a":{"b":1}`), []byte("\n{\"b\":\"}{\"}"), []byte("\x00{\"c\""), uint16(40), uint32(5), []byte{1})
	f.Add([]byte(`[{"a":1}]`), []byte("\x00"), []byte(`[{"b":2},{`), uint16(60000), uint32(1000), []byte{200})
	f.Fuzz(func(t *testing.T, head, unit, tail []byte, times uint16, most uint32, sizes []byte) {
		body := bytes.Join([][]byte{head, bytes.Repeat(unit, min(int(times), (1<<19)/max(1, len(unit)))), tail}, nil)
		limit := 1 + int(most%(1<<20))      // nobody allows none at all
		sizes = sizes[:min(len(sizes), 50)] // a hundred times nothing is an error
		if !bytes.ContainsFunc(sizes, func(r rune) bool { return r != 0 }) {
			sizes = nil // it would never end
		}
		var whole []part
		for _, how := range []string{"by brackets", "by JSON"} {
			valid := validPrefixes[how]
			if len(body) > 64<<10 && valid != nil {
				continue // looking at all of them again and again is slow here
			}
			parts, end := cutWithin(t, bytes.NewReader(body), body, limit, valid)
			for way, r := range map[string]io.Reader{
				"in pieces":   &pieces{text: body, sizes: sizes},
				"end at once": iotest.DataErrReader(&pieces{text: body, sizes: sizes}),
			} {
				if again, end2 := cutWithin(t, r, body, limit, valid); end != end2 || !reflect.DeepEqual(parts, again) {
					t.Fatalf("%s: %+v, %s; %s %+v, %s", how, parts, end, way, again, end2)
				}
			}
			if valid == nil {
				whole = parts
			}
			var want []json.RawMessage
			if json.Unmarshal(body, &want) != nil || want == nil {
				continue
			}
			if len(want) != len(parts) || end != io.EOF.Error() {
				t.Fatalf("%s: %d elements, %s; want %d", how, len(parts), end, len(want))
			}
			for i, p := range parts {
				text := bytes.Trim(want[i], " \t\r\n")
				switch object := text[0] == '{'; {
				case !object && p.Err != errNotObject.Error(),
					object && len(text) > limit && (p.Err != ErrTooLarge.Error() || !bytes.Equal(p.Skipped, text)),
					object && len(text) <= limit && (p.Err != "" || !bytes.Equal(p.Raw, text)):
					t.Fatalf("%s: %q is cut as %+v", how, text, p)
				}
			}
			if len(whole) > 0 && !reflect.DeepEqual(whole, parts) {
				t.Fatalf("by brackets %+v, by JSON %+v", whole, parts)
			}
		}
	})
}
