package ledger

// marks say of every hash of an id in which generations there may be such a key. Each
// generation has a bit of its own. A key has that bit in three marks, which are in one
// line of the processor's cache. With four marks for each key that is kept, 2 % of new
// keys are looked for in vain, and 7 % with two; with a single mark for a key it would be
// 22 and 39 %.
type marks []uint16

const (
	minMarks     = 1 << 8
	maxMarksBits = 24                // of a hash, for the line; those above are for the marks in it
	maxMarks     = 1 << maxMarksBits // 32 MB; with more keys Claim is a little slower
	lineBits     = 5                 // 32 marks are 64 bytes
	lineMask     = 1<<lineBits - 1
)

// line returns the line of a hash.
func (m marks) line(hash uint64) *[1 << lineBits]uint16 {
	return (*[1 << lineBits]uint16)(m[hash&uint64(len(m)-1)&^lineMask:])
}

// get returns the generations that may have a key of the hash.
func (m marks) get(hash uint64) uint16 {
	line := m.line(hash)
	hash >>= maxMarksBits
	return line[hash&lineMask] & line[hash>>lineBits&lineMask] & line[hash>>(2*lineBits)&lineMask]
}

// set notes that a generation has a key of the hash.
func (m marks) set(hash uint64, generation uint16) {
	line := m.line(hash)
	hash >>= maxMarksBits
	line[hash&lineMask] |= generation
	line[hash>>lineBits&lineMask] |= generation
	line[hash>>(2*lineBits)&lineMask] |= generation
}

// clear notes that a generation has no keys.
func (m marks) clear(generation uint16) {
	for i := range m {
		m[i] &^= generation
	}
}
