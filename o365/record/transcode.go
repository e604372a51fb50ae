package record

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
// method that reads is given the index of a piece of JSON in src, appends it to out, and
// returns the index behind it. At the first fault it returns a negative number, and
// explain has the rest.
type transcoder struct {
	encoded
	src     []byte
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
// it is valid JSON.
func (t *transcoder) record(out, src []byte) encoded {
	t.encoded, t.src, t.path = encoded{out: out}, src, t.path[:0]
	t.size = max(t.object(0, bodyLevel), 0)
	done := t.encoded
	t.encoded = encoded{} // it is the caller's
	return done
}

// value reads a value. level is its place among the containers, if it is one.
func (t *transcoder) value(i, level int) int {
	i, b := t.next(i)
	switch b {
	case '"':
		return t.str(i)
	case '{', '[':
		switch {
		case level > maxNested:
			return t.deep(i, level)
		case b == '{':
			return t.object(i, level)
		}
		return t.array(i, level)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return t.number(i)
	case 't':
		return t.literal(i, "true", msgpackTrue)
	case 'f':
		return t.literal(i, "false", msgpackFalse)
	case 'n':
		return t.literal(i, "null", msgpackNil)
	}
	return t.fail(i, "at start of value")
}

// deep reads a container that is nested too deep. All that it appends is the JSON text of
// the outermost such container, as a string.
func (t *transcoder) deep(i, level int) int {
	if level > maxLevel {
		return t.failWith(fault{at: i, reason: "exceeded max depth"})
	}
	from, to, texts := i, len(t.out), t.numberTexts
	if t.src[i] == '{' {
		i = t.object(i, level)
	} else {
		i = t.array(i, level)
	}
	t.out, t.numberTexts = t.out[:to], texts
	if i >= 0 && level == maxNested+1 {
		t.out = appendString(t.out, t.src[from:i])
		t.stringified++
	}
	return i
}

// object reads an object (RFC 8259, section 4).
func (t *transcoder) object(i, level int) int {
	at := len(t.out)
	t.out = append(t.out, fixmap)
	i, b := t.next(i + 1)
	if b == '}' {
		return i + 1
	}
	for n := 1; ; n++ {
		from, to := i, len(t.out)
		if b != '"' {
			return t.fail(i, `at start of string (expecting '"')`)
		}
		if i = t.str(i); i < 0 {
			return i
		}
		if i, b = t.next(i); b != ':' {
			t.fail(i, "after object name (expecting ':')")
			return t.failIn(step{name: from})
		}
		i++
		value, name := i, t.out[to:]
		if i = t.value(i, level+1); i < 0 {
			return t.failIn(step{name: from})
		}
		if level == bodyLevel {
			t.note(name, value, i)
		}
		switch i, b = t.next(i); b {
		case ',':
			i, b = t.next(i + 1)
		case '}':
			t.out = closeContainer(t.out, at, fixmap, map16, n)
			return i + 1
		default:
			return t.fail(i, "after object value (expecting ',' or '}')")
		}
	}
}

// note keeps the JSON text of a field of the record's own object that the event's time or
// its key is made of. name is a MessagePack string, the value begins from from on.
func (t *transcoder) note(name []byte, from, to int) {
	switch string(name[1:]) { // short strings have a header of one byte
	case "Id":
		if t.id == nil {
			from, _ = t.next(from)
			t.id = t.src[from:to]
		}
	case "CreationTime":
		if t.created == nil {
			from, _ = t.next(from)
			t.created = t.src[from:to]
		}
	}
}

// array reads an array (RFC 8259, section 5).
func (t *transcoder) array(i, level int) int {
	at := len(t.out)
	t.out = append(t.out, fixarray)
	i, b := t.next(i + 1)
	if b == ']' {
		return i + 1
	}
	for n := 1; ; n++ {
		if i = t.value(i, level+1); i < 0 {
			return t.failIn(step{index: n})
		}
		switch i, b = t.next(i); b {
		case ',':
			i++
		case ']':
			t.out = closeContainer(t.out, at, fixarray, array16, n)
			return i + 1
		default:
			return t.fail(i, "after array element (expecting ',' or ']')")
		}
	}
}

// literal reads null, true or false.
func (t *transcoder) literal(i int, name string, as byte) int {
	if rest := t.src[i:]; len(rest) >= len(name) && string(rest[:len(name)]) == name {
		t.out = append(t.out, as)
		return i + len(name)
	}
	return t.failLiteral(i, name)
}

// next returns the index from i on of the next byte that is not white space (RFC 8259,
// section 2), and that byte; 0 if there is none.
func (t *transcoder) next(i int) (int, byte) {
	if i < len(t.src) && t.src[i] > ' ' {
		return i, t.src[i]
	}
	return t.skipSpace(i)
}

func (t *transcoder) skipSpace(i int) (int, byte) {
	for ; i < len(t.src); i++ {
		switch b := t.src[i]; b {
		case ' ', '\t', '\r', '\n':
		default:
			return i, b
		}
	}
	return i, 0
}
