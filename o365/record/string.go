package record

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string (RFC 8259, section 7).
func (t *transcoder) str() bool {
	from := t.pos + 1
	end, ascii := plain(t.src, from)
	if end < len(t.src) && t.src[end] == '"' {
		text := t.src[from:end]
		if ascii || utf8.Valid(text) {
			t.out = appendString(t.out, text)
			t.pos = end + 1
			return true
		}
	}
	at := len(t.out)
	t.out = append(t.out, 0)
	var f fault
	if t.out, t.pos, f = unquote(t.out, t.src, t.pos); f.reason != "" {
		return t.failWith(f)
	}
	t.out = closeString(t.out, at)
	return true
}

// plain returns the index of the first byte of text from i on that ends a run of plain
// characters: a quote, a backslash or a control character; or len(text). ascii is false
// if the run may have other than ASCII characters.
//
// It inspects eight bytes at a time.
func plain(text []byte, i int) (end int, ascii bool) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	var high uint64
	for ; i+8 <= len(text); i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		// The top bit of the lowest byte that is searched for is set, and none below.
		quote, backslash := w^ones*'"', w^ones*'\\'
		m := ((quote-ones)&^quote | (backslash-ones)&^backslash | (w-ones*' ')&^w) & tops
		if m != 0 {
			high |= w & (m ^ (m - 1))
			return i + bits.TrailingZeros64(m)/8, high&tops == 0
		}
		high |= w
	}
	for ; i < len(text); i++ {
		b := text[i]
		if b == '"' || b == '\\' || b < ' ' {
			break
		}
		high |= uint64(b)
	}
	return i, high&tops == 0
}

// unquote appends the characters of the string that begins with the quote at i in src.
// It returns the index behind the string, or its first fault.
func unquote(dst, src []byte, i int) ([]byte, int, fault) {
	i++
	for {
		end, ascii := plain(src, i)
		if text := src[i:end]; !ascii && !utf8.Valid(text) {
			return dst, i, fault{at: i + validLen(text), reason: "invalid UTF-8"}
		} else {
			dst = append(dst, text...)
		}
		switch {
		case end == len(src):
			return dst, end, fault{at: end, reason: reasonEnd}
		case src[end] == '"':
			return dst, end + 1, fault{}
		case src[end] != '\\':
			return dst, end, fault{at: end, size: 1, reason: "in string (expecting non-control character)"}
		}
		r, n, f := escape(src[end:])
		if f.reason != "" {
			f.at += end
			return dst, end, f
		}
		dst = utf8.AppendRune(dst, r)
		i = end + n
	}
}

// validLen returns how many bytes of text are before the first that is not UTF-8.
func validLen(text []byte) (n int) {
	for n < len(text) {
		r, size := utf8.DecodeRune(text[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// escaped has the characters of the escapes with one letter.
var escaped1 = [256]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads the escape that src begins with, surrogate pairs as one, and returns its
// size.
func escape(src []byte) (r rune, size int, f fault) {
	switch {
	case len(src) < 2:
		return 0, 0, fault{reason: reasonEnd}
	case src[1] != 'u':
		if r = escaped1[src[1]]; r == 0 {
			return 0, 0, fault{size: 2, reason: "in string"}
		}
		return r, 2, fault{}
	}
	r, ok := escaped(src)
	switch {
	case !ok:
		return 0, 0, fault{size: 6, reason: "in string"}
	case !utf16.IsSurrogate(r):
		return r, 6, fault{}
	}
	low, _ := escaped(src[6:])
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, 0, fault{size: 12, reason: "in string"}
	}
	return r, 12, fault{}
}
