package record

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Bytes of strings are inspected eight at a time, as a word in which the first is the
// lowest. Plain ones are ASCII and stand for themselves: no quote, no backslash, no control
// character.

const ones, tops = 0x0101010101010101, 0x8080808080808080 // of each byte

// special returns 0 if all bytes of w are plain. Otherwise the lowest bit that is set is
// the top bit of the first one that is not.
func special(w uint64) uint64 {
	// With 2 flipped, a quote is 0x20, and no other plain byte is below 0x21. A sum has its
	// top bit where the byte is another than those that are looked for, and reaches into the
	// next byte only from one that is not ASCII, which is special itself.
	noQuote := (w ^ ones*2) + ones*(0x80-0x21)
	noBackslash := (w ^ ones*'\\') + ones*(0x80-1)
	return (^(noQuote & noBackslash) | w) & tops
}

// endOfPlain returns the index from i on of the first byte of text that is not plain, or
// len(text).
func endOfPlain(text []byte, i int) int {
	for ; i+8 <= len(text); i += 8 {
		if m := special(binary.LittleEndian.Uint64(text[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(text) && text[i] < utf8.RuneSelf && !endsText(text[i]) {
		i++
	}
	return i
}

// endOfText is endOfPlain for text that may have characters other than ASCII.
func endOfText(text []byte, i int) int {
	for ; i+8 <= len(text); i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		if m := special(w&^tops) &^ w; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(text) && !endsText(text[i]) {
		i++
	}
	return i
}

func endsText(b byte) bool { return b == '"' || b == '\\' || b < ' ' }

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
