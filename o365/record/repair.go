package record

import (
	"unicode/utf16"
	"unicode/utf8"
)

// repair appends src with the faults of its strings repaired, and returns how many
// there were: bytes that are not UTF-8 and half surrogates become U+FFFD, and
// control characters are escaped. It ends when dst has more than limit bytes.
func repair(dst, src []byte, limit int) (_ []byte, faults int) {
	inside := false
	for i := 0; i < len(src) && len(dst) <= limit; {
		b := src[i]
		n := 1
		switch {
		case b == '"':
			inside = !inside
		case !inside:
		case b == '\\':
			n = min(2, len(src)-i)
			if u, ok := escaped(src[i:]); ok && utf16.IsSurrogate(u) {
				n = 6
				low, _ := escaped(src[i+6:])
				if utf16.DecodeRune(u, low) == utf8.RuneError {
					dst = append(dst, "\uFFFD"...)
					faults++
					i += n
					continue
				}
				n = 12
			}
		case b < ' ':
			dst = append(dst, '\\', 'u', '0', '0', '0'+b>>4, "0123456789abcdef"[b&15])
			faults++
			i++
			continue
		case b >= utf8.RuneSelf:
			var r rune
			if r, n = utf8.DecodeRune(src[i:]); r == utf8.RuneError && n == 1 {
				dst = append(dst, "\uFFFD"...)
				faults++
				i++
				continue
			}
		}
		dst = append(dst, src[i:i+n]...)
		i += n
	}
	return dst, faults
}

// escaped reads \uXXXX at the beginning of src.
func escaped(src []byte) (r rune, ok bool) {
	if len(src) < 6 || src[0] != '\\' || src[1] != 'u' {
		return 0, false
	}
	for _, b := range src[2:6] {
		switch {
		case '0' <= b && b <= '9':
			b -= '0'
		case 'a' <= b|0x20 && b|0x20 <= 'f':
			b = b | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(b)
	}
	return r, true
}
