package elements

import (
	"encoding/binary"
	"math/bits"
)

// indexQuoteOrBackslash returns the index of the first quote or backslash in text from
// i on, or len(text). It inspects eight bytes at a time: most strings are too short
// for bytes.IndexByte to pay off.
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
