package record

import (
	"bytes"
	"math"
	"strconv"

	"github.com/tinylib/msgp/msgp"
)

// number appends the next number: as an integer if it is written like one, as a
// float64 if that gives the same digits back, else as the text it is.
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
	digits, neg := bytes.CutPrefix(text, []byte("-"))
	u, ok := integer(digits)
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

func integer(digits []byte) (u uint64, ok bool) {
	for _, b := range digits {
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

// exact reports whether f, written with as many digits as text has, is the
// number of text.
func (e *encoder) exact(f float64, text []byte) bool {
	want, exp := significand(e.scratch[:0], text)
	e.scratch = want
	if len(want) == 0 || f == 0 {
		return len(want) == 0
	}
	if len(want) > 17 {
		return false // more than any float64 tells apart
	}
	at := len(e.scratch)
	e.scratch = strconv.AppendFloat(e.scratch, f, 'e', len(want)-1, 64)
	written := len(e.scratch)
	var got int
	e.scratch, got = significand(e.scratch, e.scratch[at:written])
	return got == exp && bytes.Equal(e.scratch[written:], want)
}

// significand appends the digits of a number without zeros at either end, and
// returns the power of ten of the last of them.
func significand(dst, text []byte) (_ []byte, exp int) {
	if i := bytes.IndexAny(text, "eE"); i >= 0 {
		exp, _ = strconv.Atoi(string(text[i+1:])) // out of range only if the float64 is too
		text = text[:i]
	}
	at := len(dst)
	if i := bytes.IndexByte(text, '.'); i >= 0 {
		exp -= len(text) - i - 1
	}
	for _, b := range text {
		if '1' <= b && b <= '9' || b == '0' && len(dst) > at {
			dst = append(dst, b)
		}
	}
	for len(dst) > at && dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
		exp++
	}
	return dst, exp
}
