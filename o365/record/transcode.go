package record

import "bytes"

// maxNested is how many containers inside each other Fluent Bit reads
// (MSGPACK_EMBED_STACK_SIZE of its msgpack-c), the event itself included. It reads
// nothing more of a buffer behind one that is deeper.
const maxNested = 32

// bodyLevel is the place of a record's own object among the containers, of which the
// event is the first.
const bodyLevel = 2

// maxLevel is the place of the deepest container of a record that is not Malformed. It
// bounds the recursion (RFC 8259, section 9), as package elements does.
const maxLevel = bodyLevel + 10000 - 1

// transcoder turns JSON (RFC 8259) into MessagePack
// (github.com/msgpack/msgpack/blob/master/spec.md). Checking and writing are one: each
// of its methods reads one piece of JSON at pos, and has appended the same to out when
// it returns true. It returns false at the first fault, which is then in fault.
type transcoder struct {
	encoded
	src     []byte
	pos     int
	fault   fault
	path    []step // to the fault, the innermost first
	scratch []byte // of numbers
}

// encoded is a record as MessagePack.
type encoded struct {
	out         []byte
	size        int    // bytes of JSON, 0 if it is no valid record
	id, created []byte // JSON text of the first Id and CreationTime, nil without
	stringified int
	numberTexts int
}

// record appends the object that src begins with to out. The result has size 0 unless
// it is valid JSON; explain returns why.
func (t *transcoder) record(out, src []byte) encoded {
	t.begin(out, src)
	if t.object(bodyLevel) {
		t.size = t.pos
	}
	done := t.encoded
	t.encoded = encoded{} // it is the caller's
	return done
}

// begin makes src the JSON to read and out what it is appended to.
func (t *transcoder) begin(out, src []byte) {
	t.encoded = encoded{out: out}
	t.src, t.pos = src, 0
	t.path = t.path[:0]
}

// value reads the next value. level is its place among the containers, if it is one.
func (t *transcoder) value(level int) bool {
	switch b := t.peek(); b {
	case '"':
		return t.str()
	case '{', '[':
		switch {
		case level > maxNested:
			return t.deep(level)
		case b == '{':
			return t.object(level)
		}
		return t.array(level)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return t.number()
	case 't':
		return t.literal("true", msgpackTrue)
	case 'f':
		return t.literal("false", msgpackFalse)
	case 'n':
		return t.literal("null", msgpackNil)
	}
	return t.fail("at start of value")
}

// deep reads a container that is nested too deep. All that it appends is the JSON text of
// the outermost such container, as a string.
func (t *transcoder) deep(level int) bool {
	if level > maxLevel {
		return t.failWith(fault{at: t.pos, reason: "exceeded max depth"})
	}
	from, to, texts := t.pos, len(t.out), t.numberTexts
	var ok bool
	if t.src[from] == '{' {
		ok = t.object(level)
	} else {
		ok = t.array(level)
	}
	t.out, t.numberTexts = t.out[:to], texts
	if ok && level == maxNested+1 {
		t.out = appendString(t.out, t.src[from:t.pos])
		t.stringified++
	}
	return ok
}

// object reads an object (RFC 8259, section 4).
func (t *transcoder) object(level int) bool {
	at := t.open()
	if t.peek() == '}' {
		t.pos++
		t.out[at] = fixmap
		return true
	}
	for n := 1; ; n++ {
		from, to := t.pos, len(t.out)
		if !t.name() {
			return false
		}
		value, name := t.pos, t.out[to:]
		if !t.value(level + 1) {
			return t.failIn(step{name: from})
		}
		if level == bodyLevel {
			t.note(name, t.src[value:t.pos])
		}
		switch t.peek() {
		case ',':
			t.pos++
			t.peek()
		case '}':
			t.pos++
			t.out = closeContainer(t.out, at, fixmap, map16, n)
			return true
		default:
			return t.fail("after object value (expecting ',' or '}')")
		}
	}
}

// name reads the name at pos, of an object's member, and the colon behind it.
func (t *transcoder) name() bool {
	from := t.pos
	if from == len(t.src) || t.src[from] != '"' {
		return t.fail(`at start of string (expecting '"')`)
	}
	if !t.str() {
		return false
	}
	if t.peek() != ':' {
		t.fail("after object name (expecting ':')")
		return t.failIn(step{name: from})
	}
	t.pos++
	return true
}

// note keeps the JSON text of a field of the record's own object that the event's time or
// its key is made of. name is a MessagePack string.
func (t *transcoder) note(name, text []byte) {
	switch string(name[1:]) { // short strings have a header of one byte
	case "Id":
		if t.id == nil {
			t.id = bytes.TrimLeft(text, space)
		}
	case "CreationTime":
		if t.created == nil {
			t.created = bytes.TrimLeft(text, space)
		}
	}
}

const space = " \t\r\n" // RFC 8259, section 2

// array reads an array (RFC 8259, section 5).
func (t *transcoder) array(level int) bool {
	at := t.open()
	if t.peek() == ']' {
		t.pos++
		t.out[at] = fixarray
		return true
	}
	for n := 1; ; n++ {
		if !t.value(level + 1) {
			return t.failIn(step{index: n})
		}
		switch t.peek() {
		case ',':
			t.pos++
		case ']':
			t.pos++
			t.out = closeContainer(t.out, at, fixarray, array16, n)
			return true
		default:
			return t.fail("after array element (expecting ',' or ']')")
		}
	}
}

// open steps into a container and leaves one byte for its header.
func (t *transcoder) open() (at int) {
	t.pos++
	t.out = append(t.out, 0)
	return len(t.out) - 1
}

// literal reads null, true or false.
func (t *transcoder) literal(name string, as byte) bool {
	if rest := t.src[t.pos:]; len(rest) >= len(name) && string(rest[:len(name)]) == name {
		t.pos += len(name)
		t.out = append(t.out, as)
		return true
	}
	return t.failLiteral(name)
}

// peek moves to the next byte that is not white space (RFC 8259, section 2), and
// returns it; 0 if there is none.
func (t *transcoder) peek() byte {
	if t.pos < len(t.src) && t.src[t.pos] > ' ' {
		return t.src[t.pos]
	}
	return t.skipSpace()
}

func (t *transcoder) skipSpace() byte {
	for ; t.pos < len(t.src); t.pos++ {
		switch b := t.src[t.pos]; b {
		case ' ', '\t', '\r', '\n':
		default:
			return b
		}
	}
	return 0
}
