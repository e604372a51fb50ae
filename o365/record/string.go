package record

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string (RFC 8259, section 7).
//
// Most are short and plain. Those are copied eight bytes at a time while they are
// inspected; what was copied from behind the quote is overwritten by what comes next.
func (t *transcoder) str(i int) int {
	const most = maxFixStr + 1 // bytes to inspect, the quote included
	from, at := i+1, len(t.out)
	if from+most > len(t.src) || at+1+most > cap(t.out) {
		return t.anyStr(i)
	}
	src := (*[most]byte)(t.src[from:])
	dst := (*[1 + most]byte)(t.out[at : at+1+most])
	for n := 0; n < most; n += 8 {
		w := binary.LittleEndian.Uint64(src[n:])
		binary.LittleEndian.PutUint64(dst[1+n:], w)
		if m := special(w); m != 0 {
			n += bits.TrailingZeros64(m) / 8
			if src[n] != '"' {
				return t.anyStr(i)
			}
			dst[0] = fixstr | byte(n)
			t.out = t.out[:at+1+n]
			return from + n + 1
		}
	}
	if end := endOfPlain(t.src, from+most); end < len(t.src) && t.src[end] == '"' {
		t.out = appendString(t.out, t.src[from:end])
		return end + 1
	}
	return t.anyStr(i)
}

// anyStr reads any string.
func (t *transcoder) anyStr(i int) int {
	var f fault
	at := len(t.out)
	t.out = append(t.out, 0)
	if t.out, i, f = unquote(t.out, t.src, i); f.reason != "" {
		return t.failWith(f)
	}
	t.out = closeString(t.out, at)
	return i
}

// unquote appends the characters of the string that begins with the quote at i in src.
// It returns the index behind the string, or its first fault.
func unquote(dst, src []byte, i int) ([]byte, int, fault) {
	for i++; ; {
		dst, i = appendPlain(dst, src, i)
		if i == len(src) {
			return dst, i, fault{at: i, reason: reasonEnd}
		}
		switch b := src[i]; {
		case b == '"':
			return dst, i + 1, fault{}
		case b == '\\':
			if i+1 < len(src) && letters[src[i+1]] != 0 {
				dst = append(dst, letters[src[i+1]])
				i += 2
				continue
			}
			r, n, ok := escape(src[i:])
			if !ok {
				return dst, i, fault{at: i, size: n, reason: "in string"}
			}
			dst = utf8.AppendRune(dst, r)
			i += n
		case b < ' ':
			return dst, i, fault{at: i, size: 1, reason: "in string (expecting non-control character)"}
		default:
			text := src[i:endOfText(src, i)]
			if !utf8.Valid(text) {
				return dst, i, fault{at: i + validLen(text), reason: "invalid UTF-8"}
			}
			dst = append(dst, text...)
			i += len(text)
		}
	}
}

// appendPlain appends the plain characters at i in src, and returns the index behind them.
func appendPlain(dst, src []byte, i int) ([]byte, int) {
	for ; i+8 <= len(src); i += 8 {
		dst = slices.Grow(dst, 8)
		n := len(dst)
		w := binary.LittleEndian.Uint64(src[i:])
		binary.LittleEndian.PutUint64(dst[n:n+8], w)
		if m := special(w); m != 0 {
			more := bits.TrailingZeros64(m) / 8
			return dst[:n+more], i + more
		}
		dst = dst[:n+8]
	}
	end := endOfPlain(src, i)
	return append(dst, src[i:end]...), end
}

// letters has the characters that are escaped by a letter or a sign.
var letters = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads the escape \uXXXX that src begins with, or two that are a pair of
// surrogates. It returns their size, or that of what is wrong.
func escape(src []byte) (r rune, size int, ok bool) {
	if len(src) < 2 || src[1] != 'u' {
		return 0, 2, false
	}
	if r, ok = escaped(src); !ok || !utf16.IsSurrogate(r) {
		return r, 6, ok
	}
	low, _ := escaped(src[6:])
	r = utf16.DecodeRune(r, low)
	return r, 12, r != utf8.RuneError
}
