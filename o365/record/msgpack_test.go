package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
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
