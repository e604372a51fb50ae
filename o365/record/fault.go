package record

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fault is where and why a text is not JSON.
type fault struct {
	at     int    // index in the text
	size   int    // bytes of text that reason is about: 1 for a character, more for an escape
	reason string // empty where there is no fault
}

const reasonEnd = "unexpected EOF" // the text ends too early

// step is one container on the way to a fault.
type step struct {
	name  int // index of the quoted name in src
	index int // of the element of an array, from 1; 0 in an object
}

// fail notes that the byte at i is not what may stand there.
func (t *transcoder) fail(i int, where string) int {
	if i == len(t.src) {
		return t.failWith(fault{at: i, reason: reasonEnd})
	}
	return t.failWith(fault{at: i, size: 1, reason: where})
}

func (t *transcoder) failWith(f fault) int {
	t.fault = f
	return -1
}

// failIn notes that the fault is inside a member of a container.
func (t *transcoder) failIn(s step) int {
	t.path = append(t.path, s)
	return -1
}

// failLiteral notes which byte from i on is not that of a literal.
func (t *transcoder) failLiteral(i int, name string) int {
	n := 0
	for i < len(t.src) && t.src[i] == name[n] {
		i++
		n++
	}
	return t.fail(i, "in literal "+name+" (expecting "+strconv.QuoteRune(rune(name[n]))+")")
}

// explain returns the error of the fault.
func (t *transcoder) explain() error {
	e := &syntaxError{fault: t.fault, pointer: t.pointer()}
	size := e.size
	if size == 1 {
		_, size = utf8.DecodeRune(t.src[e.at:])
	}
	e.what = string(t.src[e.at:min(e.at+size, len(t.src))])
	return e
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

// syntaxError is why a record is no event. Few are shown, so only Error finds the words.
type syntaxError struct {
	fault
	what    string // the text that it is about
	pointer string // to the value that has it
}

func (e *syntaxError) Error() string {
	text := e.reason
	switch {
	case e.size == 1:
		text = "invalid character " + quoteCharacter(e.what) + " " + text
	case len(e.what) > len(`\uXXXX`):
		text = "invalid surrogate pair " + quoteEscape(e.what) + " " + text
	case e.size > 1:
		text = "invalid escape sequence " + quoteEscape(e.what) + " " + text
	}
	if e.pointer != "" {
		text += " within " + strconv.Quote(shorten(e.pointer))
	}
	if e.at > 0 {
		text += " after offset " + strconv.Itoa(e.at)
	}
	return text
}

func quoteCharacter(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	if r == utf8.RuneError && size == 1 {
		return `'\x` + strconv.FormatUint(uint64(text[0]), 16) + `'`
	}
	return strconv.QuoteRune(r)
}

// quoteEscape quotes an escape without a second backslash, if it can.
func quoteEscape(text string) string {
	isOdd := func(r rune) bool {
		return r == '`' || r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r)
	}
	if strings.ContainsFunc(text, isOdd) {
		return strconv.Quote(text)
	}
	return "`" + text + "`"
}

const maxPointer = 100 // bytes of a pointer that are shown

// shorten cuts the middle out of a pointer that is too long to be read.
func shorten(pointer string) string {
	if len(pointer) <= maxPointer {
		return pointer
	}
	head, tail := pointer[:maxPointer/2], pointer[len(pointer)-maxPointer/2:]
	return strings.ToValidUTF8(head, "") + "…" + strings.ToValidUTF8(tail, "")
}
