package record

import (
	"slices"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/tinylib/msgp/msgp"
)

// maxNested is how many containers inside each other Fluent Bit reads
// (MSGPACK_EMBED_STACK_SIZE of its msgpack-c), the event itself included. It reads
// nothing more of a buffer behind one that is deeper.
const maxNested = 32

// bodyLevel is the place of a record's own object among the containers.
const bodyLevel = 2

// encoder appends JSON, which must be valid, as MessagePack.
type encoder struct {
	encoded
	src     []byte
	pos     int
	header  [5]byte
	scratch []byte
}

// encoded is the result of encoding a record.
type encoded struct {
	out         []byte
	id, created []byte // JSON text of the first Id and CreationTime, nil without
	stringified int
	numberTexts int
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
	end := elements.IndexQuoteOrBackslash(e.src, from+1)
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
	n := elements.IndexQuoteOrBackslash(src, 1)
	for src[n] == '\\' {
		n = elements.IndexQuoteOrBackslash(src, n+2)
	}
	return n + 1
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
