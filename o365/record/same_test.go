package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// same reports how v differs from the next value of a JSON text.
func same(dec *jsontext.Decoder, v any, level int) error {
	kind := dec.PeekKind()
	if (kind == '{' || kind == '[') && level > 32 {
		raw, err := dec.ReadValue()
		if err != nil {
			return err
		}
		text, _ := repair(nil, raw, 10*len(raw))
		if v != string(text) {
			return fmt.Errorf("deep %q is %q", text, v)
		}
		return nil
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	differs := fmt.Errorf("%s %s is %T %v", dec.StackPointer(), tok, v, v)
	switch kind {
	case '{':
		o, ok := v.(object)
		if !ok {
			return differs
		}
		for _, m := range o {
			name, err := dec.ReadToken()
			if err != nil {
				return err
			}
			if name.Kind() != '"' || name.String() != m.name {
				return fmt.Errorf("name %s is %q", name, m.name)
			}
			if err := same(dec, m.value, level+1); err != nil {
				return err
			}
		}
		if end, err := dec.ReadToken(); err != nil || end.Kind() != '}' {
			return fmt.Errorf("%s: %d fields, then %v %v", dec.StackPointer(), len(o), end, err)
		}
	case '[':
		a, ok := v.([]any)
		if !ok {
			return differs
		}
		for _, e := range a {
			if err := same(dec, e, level+1); err != nil {
				return err
			}
		}
		if end, err := dec.ReadToken(); err != nil || end.Kind() != ']' {
			return fmt.Errorf("%s: %d elements, then %v %v", dec.StackPointer(), len(a), end, err)
		}
	case '"':
		if v != tok.String() {
			return differs
		}
	case '0':
		if !sameNumber(tok.String(), v) {
			return differs
		}
	case 't', 'f':
		if v != tok.Bool() {
			return differs
		}
	default:
		if v != nil {
			return differs
		}
	}
	return nil
}

// sameNumber reports whether v is what the number becomes, by big arithmetic
// instead of by digits.
func sameNumber(text string, v any) bool {
	if !bytes.ContainsAny([]byte(text), ".eE") && text != "-0" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return v == n
		}
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			return v == n
		}
		return v == text
	}
	f, err := strconv.ParseFloat(text, 64)
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	exact := strings.Trim(mantissa, "-0.") == "" // big.Rat refuses large exponents even of 0
	if err == nil {
		for digits := range 17 {
			exact = exact || sameValue(text, strconv.FormatFloat(f, 'e', digits, 64))
		}
	}
	if !exact {
		return v == text
	}
	g, ok := v.(float64)
	return ok && math.Float64bits(f) == math.Float64bits(g)
}

// sameValue compares two numbers whose exponents are not larger than written.
func sameValue(a, b string) bool {
	x, ok := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	return ok && ok2 && x.Cmp(y) == 0
}

// decodeAll reads a blob and returns its events, their Records, and
// the elements that gave none.
func decodeAll(r io.Reader, opt Options) (events []event, records []Record, bad []*Malformed, err error) {
	d := NewDecoder(r, opt)
	var buf []byte
	for i := 0; ; i++ {
		out, rec, err := d.Append(buf)
		if m := (*Malformed)(nil); errors.As(err, &m) {
			if m.Index != i || len(out) != len(buf) {
				return nil, nil, nil, fmt.Errorf("%v as element %d, %d bytes more", m, i, len(out)-len(buf))
			}
			kept := *m
			bad = append(bad, &kept)
			continue
		}
		if err != nil {
			if _, _, again := d.Append(nil); again != err {
				return nil, nil, nil, fmt.Errorf("after %v comes %v", err, again)
			}
			return events, records, bad, err
		}
		if rec.Index != i {
			return nil, nil, nil, fmt.Errorf("element %d has index %d", i, rec.Index)
		}
		u := unpacker{out[len(buf):]}
		ev, err := u.event()
		if err != nil {
			return nil, nil, nil, err
		}
		if len(u.b) > 0 {
			return nil, nil, nil, fmt.Errorf("msgpack: %d bytes behind event", len(u.b))
		}
		events = append(events, ev)
		records = append(records, rec)
		buf = out
	}
}
