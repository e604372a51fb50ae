package record

import (
	"encoding/binary"
	"math"
)

// First bytes of MessagePack values
// (github.com/msgpack/msgpack/blob/master/spec.md#formats). Of several for one type, the
// smallest that holds a value is written.
const (
	fixmap       = 0x80 // with up to 15 members
	fixarray     = 0x90 // with up to 15 elements
	fixstr       = 0xa0 // with up to 31 bytes
	msgpackNil   = 0xc0
	msgpackFalse = 0xc2
	msgpackTrue  = 0xc3
	msgpackFloat = 0xcb
	uint8Type    = 0xcc // 0xcd to 0xcf: 16, 32, 64 bits
	int8Type     = 0xd0 // 0xd1 to 0xd3
	str8         = 0xd9 // 0xda, 0xdb: lengths of 16, 32 bits
	array16      = 0xdc // 0xdd: length of 32 bits
	map16        = 0xde // 0xdf

	maxFixLength = 15 // of fixmap and fixarray
	maxFixStr    = 31
)

// appendString appends a string.
func appendString(dst, text []byte) []byte {
	if len(text) <= maxFixStr {
		dst = append(dst, fixstr|byte(len(text)))
	} else {
		dst = appendStringHeader(dst, len(text))
	}
	return append(dst, text...)
}

// appendStringHeader appends the header of a string that is too long for fixstr.
func appendStringHeader(dst []byte, n int) []byte {
	if n <= math.MaxUint8 {
		return append(dst, str8, byte(n))
	}
	return appendLength(dst, str8+1, n)
}

// appendLength appends type16 and a length of 16 bits, or, where it does not fit, the
// type after it and one of 32.
func appendLength(dst []byte, type16 byte, n int) []byte {
	if n <= math.MaxUint16 {
		return binary.BigEndian.AppendUint16(append(dst, type16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, type16+1), uint32(n))
}

// closeString writes the header of the string that begins at at in dst, for which one
// byte is there.
func closeString(dst []byte, at int) []byte {
	n := len(dst) - at - 1
	if n <= maxFixStr {
		dst[at] = fixstr | byte(n)
		return dst
	}
	var header [5]byte
	return widen(dst, at, appendStringHeader(header[:0], n))
}

// closeContainer writes the header of the container that begins at at in dst, for which
// one byte is there: few have more than maxFixLength members, and moving those is
// cheaper than larger headers for all.
func closeContainer(dst []byte, at int, fix, type16 byte, n int) []byte {
	if n <= maxFixLength {
		dst[at] = fix | byte(n)
		return dst
	}
	var header [5]byte
	return widen(dst, at, appendLength(header[:0], type16, n))
}

// widen writes a header at at, where one byte is there for it.
func widen(dst []byte, at int, header []byte) []byte {
	dst = append(dst, header[1:]...)
	copy(dst[at+len(header):], dst[at+1:])
	copy(dst[at:], header)
	return dst
}

// appendUint appends an integer.
func appendUint(dst []byte, u uint64) []byte {
	switch {
	case u <= math.MaxInt8:
		return append(dst, byte(u))
	case u <= math.MaxUint8:
		return append(dst, uint8Type, byte(u))
	case u <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, uint8Type+1), uint16(u))
	case u <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, uint8Type+2), uint32(u))
	}
	return binary.BigEndian.AppendUint64(append(dst, uint8Type+3), u)
}

// appendNegative appends a negative integer.
func appendNegative(dst []byte, i int64) []byte {
	switch {
	case i >= -32:
		return append(dst, byte(i))
	case i >= math.MinInt8:
		return append(dst, int8Type, byte(i))
	case i >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, int8Type+1), uint16(i))
	case i >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, int8Type+2), uint32(i))
	}
	return binary.BigEndian.AppendUint64(append(dst, int8Type+3), uint64(i))
}

// appendFloat appends a float64.
func appendFloat(dst []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, msgpackFloat), math.Float64bits(f))
}
