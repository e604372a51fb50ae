package record

import (
	"bytes"
	"math"
	"strconv"
)

// number reads a number (RFC 8259, section 6).
func (t *transcoder) number(i int) int {
	from := i
	if t.src[i] == '-' {
		i++
	}
	first := i
	i, u := readDigits(t.src, i)
	switch n := i - first; {
	case n == 0:
		return t.fail(i, digitExpected)
	case n > 1 && t.src[first] == '0':
		return first + 1 // what follows is a fault, so nothing needs to be written
	case i < len(t.src) && isReal[t.src[i]]:
		return t.real(from, i)
	case n >= maxDigits:
		var ok bool
		if u, ok = integer(t.src[first:i]); !ok {
			return t.numberText(from, i)
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
		return t.numberText(from, i)
	}
	return i
}

const digitExpected = "in number (expecting digit)"

// maxDigits is the number of digits of math.MaxUint64. Fewer always fit.
const maxDigits = 20

// isReal has the bytes behind the integer part of a number that has more parts.
var isReal = [256]bool{'.': true, 'e': true, 'E': true}

// readDigits returns the index behind the digits from i on in text, and their value if
// they are fewer than maxDigits.
func readDigits(text []byte, i int) (end int, u uint64) {
	for ; i < len(text); i++ {
		b := text[i] - '0'
		if b > 9 {
			break
		}
		u = u*10 + uint64(b)
	}
	return i, u
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

// numberText appends a number as a string.
func (t *transcoder) numberText(from, to int) int {
	t.out = appendString(t.out, t.src[from:to])
	t.numberTexts++
	return to
}

// real reads the fraction and the exponent, at i, of the number that begins at from.
func (t *transcoder) real(from, i int) int {
	if t.src[i] == '.' {
		begin := i + 1
		if i, _ = readDigits(t.src, begin); i == begin {
			return t.fail(i, digitExpected)
		}
	}
	if i < len(t.src) && t.src[i]|0x20 == 'e' {
		begin := i + 1
		if begin < len(t.src) && (t.src[begin] == '+' || t.src[begin] == '-') {
			begin++
		}
		if i, _ = readDigits(t.src, begin); i == begin {
			return t.fail(i, digitExpected)
		}
	}
	text := t.src[from:i]
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !t.exact(f, text) {
		return t.numberText(from, i)
	}
	t.out = appendFloat(t.out, f)
	return i
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
