package record

import (
	"bytes"
	"math"
	"strconv"

	"github.com/tinylib/msgp/msgp"
)

// number appends the next number.
func (e *encoder) number() {
	from, real := e.pos, false
scan:
	for ; e.pos < len(e.src); e.pos++ {
		switch b := e.src[e.pos]; b {
		case '.', 'e', 'E':
			real = true
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			break scan
		}
	}
	text := e.src[from:e.pos]
	if real {
		e.float(text)
		return
	}
	abs, neg := bytes.CutPrefix(text, []byte("-"))
	u, ok := integer(abs)
	switch {
	case neg && ok && u == 0:
		e.out = msgp.AppendFloat64(e.out, math.Copysign(0, -1))
	case neg && ok && u <= 1<<63:
		e.out = msgp.AppendInt64(e.out, -int64(u))
	case !neg && ok:
		e.out = msgp.AppendUint64(e.out, u)
	default:
		e.numberText(text)
	}
}

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

func (e *encoder) numberText(text []byte) {
	e.out = msgp.AppendStringFromBytes(e.out, text)
	e.numberTexts++
}

func (e *encoder) float(text []byte) {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !e.exact(f, text) {
		e.numberText(text)
		return
	}
	e.out = msgp.AppendFloat64(e.out, f)
}

// exact reports whether f, written with as many digits as text has, is text. Its
// power of ten need not be compared: f is the float64 next to text.
func (e *encoder) exact(f float64, text []byte) bool {
	e.scratch = digits(e.scratch[:0], text)
	n := len(e.scratch)
	if n == 0 || f == 0 {
		return n == 0
	}
	if n > 17 {
		return false // 17 digits are enough for every float64
	}
	e.scratch = strconv.AppendFloat(e.scratch, f, 'e', n-1, 64)
	end := len(e.scratch)
	e.scratch = digits(e.scratch, e.scratch[n:end])
	return bytes.Equal(e.scratch[:n], e.scratch[end:])
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
