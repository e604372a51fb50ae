package record

import (
	"bytes"
	"math"
	"strconv"
)

// number reads a number (RFC 8259, section 6).
func (t *transcoder) number() bool {
	from := t.pos
	if t.src[from] == '-' {
		t.pos++
	}
	first := t.pos
	u := t.readDigits()
	switch n := t.pos - first; {
	case n == 0:
		return t.fail("in number (expecting digit)")
	case n > 1 && t.src[first] == '0':
		t.pos = first + 1 // where the number ends, and something else begins
	case t.pos < len(t.src) && isReal[t.src[t.pos]]:
		return t.real(from)
	case n >= maxDigits:
		var ok bool
		if u, ok = integer(t.src[first:t.pos]); !ok {
			t.numberText(from)
			return true
		}
	}
	switch {
	case from == first:
		t.out = appendUint(t.out, u)
	case u == 0:
		t.out = appendFloat(t.out, math.Copysign(0, -1))
	case u <= 1<<63:
		t.out = appendNegative(t.out, -int64(u))
	default:
		t.numberText(from)
	}
	return true
}

// maxDigits is the number of digits of math.MaxUint64. Fewer always fit.
const maxDigits = 20

// isReal has the characters behind the integer part of a number that has more.
var isReal = [256]bool{'.': true, 'e': true, 'E': true}

// readDigits reads any number of digits, and returns their value if they are fewer than
// maxDigits.
func (t *transcoder) readDigits() (u uint64) {
	for ; t.pos < len(t.src); t.pos++ {
		b := t.src[t.pos] - '0'
		if b > 9 {
			break
		}
		u = u*10 + uint64(b)
	}
	return u
}

// integer returns the value of digits, if it fits.
func integer(text []byte) (u uint64, ok bool) {
	for _, b := range text {
		n := uint64(b - '0')
		if u > (math.MaxUint64-n)/10 {
			return 0, false
		}
		u = u*10 + n
	}
	return u, true
}

// numberText appends the number that began at from as a string.
func (t *transcoder) numberText(from int) {
	t.out = appendString(t.out, t.src[from:t.pos])
	t.numberTexts++
}

// real reads the fraction and the exponent of the number that began at from.
func (t *transcoder) real(from int) bool {
	if t.src[t.pos] == '.' {
		t.pos++
		if !t.someDigits() {
			return false
		}
	}
	if t.pos < len(t.src) && t.src[t.pos]|0x20 == 'e' {
		t.pos++
		if t.pos < len(t.src) && (t.src[t.pos] == '+' || t.src[t.pos] == '-') {
			t.pos++
		}
		if !t.someDigits() {
			return false
		}
	}
	text := t.src[from:t.pos]
	if f, err := strconv.ParseFloat(string(text), 64); err == nil && t.exact(f, text) {
		t.out = appendFloat(t.out, f)
	} else {
		t.numberText(from)
	}
	return true
}

// someDigits reads at least one digit.
func (t *transcoder) someDigits() bool {
	from := t.pos
	if t.readDigits(); t.pos == from {
		return t.fail("in number (expecting digit)")
	}
	return true
}

// exact reports whether f, written with as many digits as text has, is text. Its
// power of ten need not be compared: f is the float64 next to text.
func (t *transcoder) exact(f float64, text []byte) bool {
	t.scratch = digits(t.scratch[:0], text)
	n := len(t.scratch)
	if n == 0 || f == 0 {
		return n == 0
	}
	if n > 17 {
		return false // 17 digits are enough for every float64
	}
	t.scratch = strconv.AppendFloat(t.scratch, f, 'e', n-1, 64)
	end := len(t.scratch)
	t.scratch = digits(t.scratch, t.scratch[n:end])
	return bytes.Equal(t.scratch[:n], t.scratch[end:])
}

// digits appends the digits of a number without sign, point and exponent, and
// without zeros at either end.
func digits(dst, text []byte) []byte {
	if i := bytes.IndexAny(text, "eE"); i >= 0 {
		text = text[:i]
	}
	from := len(dst)
	for _, b := range text {
		if '1' <= b && b <= '9' || b == '0' && len(dst) > from {
			dst = append(dst, b)
		}
	}
	for len(dst) > from && dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}
