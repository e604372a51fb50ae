package record

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/tinylib/msgp/msgp"
)

// reference is what the transcoder is compared with: jsontext checks a record in a first
// pass, the encoder writes it with msgp in a second one, for which it must be valid.
type reference struct {
	json jsontext.Decoder
	text bytes.Buffer
	enc  encoder
}

// record does what transcoder.record does.
func (r *reference) record(out, src []byte) (encoded, error) {
	value, err := r.check(src)
	if err != nil {
		return encoded{}, err
	}
	done := r.enc.record(out, value)
	done.size = len(value)
	return done, nil
}

// check returns the value that text begins with. Names may come twice.
func (r *reference) check(text []byte) (jsontext.Value, error) {
	r.text = *bytes.NewBuffer(text)
	r.json.Reset(&r.text, jsontext.AllowDuplicateNames(true))
	return r.json.ReadValue()
}

// encoder appends JSON, which must be valid, as MessagePack.
type encoder struct {
	encoded
	src     []byte
	pos     int
	header  [5]byte
	scratch []byte
}

// record appends the record that is src to out.
func (e *encoder) record(out, src []byte) encoded {
	e.encoded = encoded{out: out}
	e.src, e.pos = src, 0
	e.object(bodyLevel)
	done := e.encoded
	e.encoded, e.src = encoded{}, nil // they are the caller's
	return done
}

// value appends the next value. level is its place among containers inside each other,
// if it is one; the event is the first.
func (e *encoder) value(level int) {
	switch b := e.peek(); b {
	case '{', '[':
		switch {
		case level > maxNested:
			e.raw()
		case b == '{':
			e.object(level)
		default:
			e.array(level)
		}
	case '"':
		e.str()
	case 't':
		e.pos += len("true")
		e.out = msgp.AppendBool(e.out, true)
	case 'f':
		e.pos += len("false")
		e.out = msgp.AppendBool(e.out, false)
	case 'n':
		e.pos += len("null")
		e.out = msgp.AppendNil(e.out)
	default:
		e.number()
	}
}

func (e *encoder) object(level int) {
	at, n := e.open()
	for e.another('}') {
		name := len(e.out)
		e.str()
		e.peek()
		e.pos++ // the colon
		if level > bodyLevel {
			e.value(level + 1)
		} else {
			e.field(name)
		}
		n++
	}
	e.out = slices.Replace(e.out, at, at+1, msgp.AppendMapHeader(e.header[:0], uint32(n))...)
}

// field appends the value of the record's field whose name begins at name in out, and
// notes it if it is the Id or the CreationTime.
func (e *encoder) field(name int) {
	end := len(e.out)
	e.peek()
	from := e.pos
	e.value(bodyLevel + 1)
	// Short strings have a header of one byte.
	switch text := e.src[from:e.pos]; string(e.out[name+1 : end]) {
	case "Id":
		if e.id == nil {
			e.id = text
		}
	case "CreationTime":
		if e.created == nil {
			e.created = text
		}
	}
}

func (e *encoder) array(level int) {
	at, n := e.open()
	for e.another(']') {
		e.value(level + 1)
		n++
	}
	e.out = slices.Replace(e.out, at, at+1, msgp.AppendArrayHeader(e.header[:0], uint32(n))...)
}

// open steps into a container and leaves one byte for its header.
func (e *encoder) open() (at, n int) {
	e.pos++
	e.out = append(e.out, 0)
	return len(e.out) - 1, 0
}

// another moves to the container's next member and returns true, or behind its closing
// bracket and returns false.
func (e *encoder) another(closing byte) bool {
	switch e.peek() {
	case closing:
		e.pos++
		return false
	case ',':
		e.pos++
		e.peek()
	}
	return true
}

// peek moves to the next byte that is not white space, and returns it.
func (e *encoder) peek() byte {
	for {
		switch b := e.src[e.pos]; b {
		case ' ', '\t', '\r', '\n':
			e.pos++
		default:
			return b
		}
	}
}

func (e *encoder) str() {
	from := e.pos
	end := indexQuoteOrBackslash(e.src, from+1)
	if e.src[end] == '"' {
		e.pos = end + 1
		e.out = msgp.AppendStringFromBytes(e.out, e.src[from+1:end])
		return
	}
	e.pos = from + quoted(e.src[from:])
	e.scratch, _ = jsontext.AppendUnquote(slices.Grow(e.scratch[:0], e.pos-from), e.src[from:e.pos])
	e.out = msgp.AppendStringFromBytes(e.out, e.scratch)
}

// quoted returns the length of the string that src begins with.
func quoted(src []byte) int {
	n := indexQuoteOrBackslash(src, 1)
	for src[n] == '\\' {
		n = indexQuoteOrBackslash(src, n+2)
	}
	return n + 1
}

// indexQuoteOrBackslash returns the index of the first quote or backslash in text from
// i on, or len(text), as package elements has it.
func indexQuoteOrBackslash(text []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(text); i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		q, s := w^ones*'"', w^ones*'\\' // a byte that is searched for is now 0
		if m := ((q-ones)&^q | (s-ones)&^s) & tops; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for ; i < len(text); i++ {
		if text[i] == '"' || text[i] == '\\' {
			break
		}
	}
	return i
}

// raw appends the next container's JSON text as a string.
func (e *encoder) raw() {
	from, open := e.pos, 0
	for {
		switch e.src[e.pos] {
		case '"':
			e.pos += quoted(e.src[e.pos:])
			continue
		case '{', '[':
			open++
		case '}', ']':
			open--
		}
		e.pos++
		if open == 0 {
			break
		}
	}
	e.out = msgp.AppendStringFromBytes(e.out, e.src[from:e.pos])
	e.stringified++
}

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
	u, err := strconv.ParseUint(string(abs), 10, 64)
	ok := err == nil
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
	e.scratch = significant(e.scratch[:0], text)
	n := len(e.scratch)
	if n == 0 || f == 0 {
		return n == 0
	}
	if n > 17 {
		return false // 17 digits are enough for every float64
	}
	e.scratch = strconv.AppendFloat(e.scratch, f, 'e', n-1, 64)
	end := len(e.scratch)
	e.scratch = significant(e.scratch, e.scratch[n:end])
	return bytes.Equal(e.scratch[:n], e.scratch[end:])
}

// significant appends the digits of a number without sign, point and exponent, and
// without zeros at either end.
func significant(dst, text []byte) []byte {
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
