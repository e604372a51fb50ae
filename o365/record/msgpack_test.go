package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// This reader of MessagePack is not the library that writes it, keeps the order
// of fields, and refuses what Fluent Bit does.

type (
	object []member
	member struct {
		name  string
		value any
	}
	event struct {
		time time.Time
		body object
	}
)

var errShort = errors.New("msgpack: short")

type unpacker struct{ b []byte }

// take returns the next n bytes.
func (u *unpacker) take(n int) ([]byte, error) {
	if n > len(u.b) {
		return nil, errShort
	}
	p := u.b[:n]
	u.b = u.b[n:]
	return p, nil
}

func (u *unpacker) uint(size int) (uint64, error) {
	p, err := u.take(size)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[8-size:], p)
	return binary.BigEndian.Uint64(wide[:]), nil
}

// event reads [ext 0 of 8 bytes, map].
func (u *unpacker) event() (event, error) {
	head, err := u.take(3)
	if err != nil {
		return event{}, err
	}
	if !bytes.Equal(head, []byte{0x92, 0xd7, 0x00}) {
		return event{}, fmt.Errorf("msgpack: event begins with % x", head)
	}
	sec, _ := u.uint(4)
	nsec, err := u.uint(4)
	if err != nil {
		return event{}, err
	}
	if sec >= 0xfffffffe || nsec >= 1e9 {
		return event{}, fmt.Errorf("msgpack: time %d.%d", sec, nsec)
	}
	v, err := u.value(2)
	if err != nil {
		return event{}, err
	}
	body, ok := v.(object)
	if !ok {
		return event{}, fmt.Errorf("msgpack: event of %T", v)
	}
	return event{time.Unix(int64(sec), int64(nsec)).UTC(), body}, nil
}

func (u *unpacker) value(level int) (any, error) {
	p, err := u.take(1)
	if err != nil {
		return nil, err
	}
	sized := func(size int, read func(int) (any, error)) (any, error) {
		n, err := u.uint(size)
		if err != nil {
			return nil, err
		}
		return read(int(n))
	}
	str := func(n int) (any, error) { return u.str(n) }
	array := func(n int) (any, error) { return u.array(n, level) }
	object := func(n int) (any, error) { return u.object(n, level) }
	switch b := p[0]; {
	case b < 0x80:
		return int64(b), nil
	case b < 0x90:
		return object(int(b & 15))
	case b < 0xa0:
		return array(int(b & 15))
	case b < 0xc0:
		return str(int(b & 31))
	case b >= 0xe0:
		return int64(int8(b)), nil
	case b == 0xc0:
		return nil, nil
	case b == 0xc2 || b == 0xc3:
		return b == 0xc3, nil
	case b == 0xcb:
		n, err := u.uint(8)
		return math.Float64frombits(n), err
	case 0xcc <= b && b <= 0xcf:
		n, err := u.uint(1 << (b - 0xcc))
		if n > math.MaxInt64 {
			return n, err
		}
		return int64(n), err
	case 0xd0 <= b && b <= 0xd3:
		size := 1 << (b - 0xd0)
		n, err := u.uint(size)
		shift := 64 - 8*size
		return int64(n) << shift >> shift, err
	case 0xd9 <= b && b <= 0xdb:
		return sized(1<<(b-0xd9), str)
	case b == 0xdc || b == 0xdd:
		return sized(2<<(b-0xdc), array)
	case b == 0xde || b == 0xdf:
		return sized(2<<(b-0xde), object)
	default:
		return nil, fmt.Errorf("msgpack: type %#x", b)
	}
}

func (u *unpacker) str(n int) (string, error) {
	p, err := u.take(n)
	if err == nil && !utf8.Valid(p) {
		err = fmt.Errorf("msgpack: not UTF-8: %q", p)
	}
	return string(p), err
}

func (u *unpacker) array(n, level int) (any, error) {
	if level > 32 {
		return nil, errors.New("msgpack: too deep for Fluent Bit")
	}
	var a []any
	for range n {
		v, err := u.value(level + 1)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
	return a, nil
}

func (u *unpacker) object(n, level int) (any, error) {
	if level > 32 {
		return nil, errors.New("msgpack: too deep for Fluent Bit")
	}
	var o object
	for range n {
		name, err := u.value(level + 1)
		if err != nil {
			return nil, err
		}
		s, ok := name.(string)
		if !ok {
			return nil, fmt.Errorf("msgpack: name is a %T", name)
		}
		v, err := u.value(level + 1)
		if err != nil {
			return nil, err
		}
		o = append(o, member{s, v})
	}
	return o, nil
}

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

// sameValue compares two numbers whose exponents are not larger than they say.
func sameValue(a, b string) bool {
	x, ok := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	return ok && ok2 && x.Cmp(y) == 0
}

// decodeAll reads a blob and returns its events, what was told about them, and
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
