package record

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fault is where and why a text is not JSON. Most are never shown, so it is put into
// words only by explain.
type fault struct {
	at     int    // index in the text
	size   int    // bytes of text that reason is about: 1 is a character, more are an escape
	reason string // empty where there is no fault
}

const reasonEnd = "unexpected EOF" // the text ends too early

// step is one container on the way to a fault.
type step struct {
	name  int // index of the quoted name in src
	index int // of the element of an array, from 1; 0 in an object
}

// fail notes that the character at pos is not what may stand there.
func (t *transcoder) fail(expected string) bool {
	if t.pos == len(t.src) {
		return t.failWith(fault{at: t.pos, reason: reasonEnd})
	}
	return t.failWith(fault{at: t.pos, size: 1, reason: expected})
}

func (t *transcoder) failWith(f fault) bool {
	t.fault = f
	return false
}

// failIn notes that the fault is inside a member of a container.
func (t *transcoder) failIn(s step) bool {
	t.path = append(t.path, s)
	return false
}

// failLiteral notes which character of a literal is wrong.
func (t *transcoder) failLiteral(name string) bool {
	i := 0
	for t.pos < len(t.src) && t.src[t.pos] == name[i] {
		t.pos++
		i++
	}
	return t.fail("in literal " + name + " (expecting " + strconv.QuoteRune(rune(name[i])) + ")")
}

// explain returns the error of the fault.
func (t *transcoder) explain() error {
	f := t.fault
	what := t.src[f.at:min(f.at+f.size, len(t.src))]
	text := f.reason
	switch {
	case f.size == 1:
		text = "invalid character " + quoteRune(t.src[f.at:]) + " " + text
	case len(what) > 6:
		text = "invalid surrogate pair " + quoteEscape(string(what)) + " " + text
	case f.size > 1:
		text = "invalid escape sequence " + quoteEscape(string(what)) + " " + text
	}
	if pointer := t.pointer(); pointer != "" {
		text += " within " + strconv.Quote(shorten(pointer))
	}
	if f.at > 0 {
		text += " after offset " + strconv.Itoa(f.at)
	}
	return errors.New(text)
}

// pointer returns the JSON Pointer (RFC 6901) to what has the fault.
func (t *transcoder) pointer() string {
	var p, name []byte
	for i := len(t.path) - 1; i >= 0; i-- {
		p = append(p, '/')
		s := t.path[i]
		if s.index > 0 {
			p = strconv.AppendInt(p, int64(s.index-1), 10)
			continue
		}
		name, _, _ = unquote(name[:0], t.src, s.name)
		for _, b := range name {
			switch b {
			case '~':
				p = append(p, "~0"...)
			case '/':
				p = append(p, "~1"...)
			default:
				p = append(p, b)
			}
		}
	}
	return string(p)
}

// maxPointer is how long a pointer in an error may be, in bytes.
const maxPointer = 100

// shorten cuts the middle out of a pointer that is too long to be read.
func shorten(pointer string) string {
	if len(pointer) <= maxPointer {
		return pointer
	}
	head, tail := pointer[:maxPointer/2], pointer[len(pointer)-maxPointer/2:]
	return strings.ToValidUTF8(head, "") + "…" + strings.ToValidUTF8(tail, "")
}

func quoteRune(text []byte) string {
	r, n := utf8.DecodeRune(text)
	if r == utf8.RuneError && n == 1 {
		return `'\x` + strconv.FormatUint(uint64(text[0]), 16) + `'`
	}
	return strconv.QuoteRune(r)
}

// quoteEscape quotes an escape so that its backslash is not doubled, if it can be.
func quoteEscape(text string) string {
	odd := func(r rune) bool {
		return r == '`' || r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r)
	}
	if strings.ContainsFunc(text, odd) {
		return strconv.Quote(text)
	}
	return "`" + text + "`"
}
