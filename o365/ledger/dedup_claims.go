package ledger

import "slices"

// claims are the keys of records that are not acknowledged yet.
type claims struct {
	hasher
	table   keyTable
	further int // of them: keys of further contents
}

func newClaims(h hasher) claims { return claims{hasher: h, table: keyTable{sparse: true}} }

// add adds a key, in place of one with its id.
func (c *claims) add(k Key, hash uint64) {
	if c.table.set(k, hash, c.hash); k.isFurther() {
		c.further++
	}
}

// remove forgets keys, each of them if it is claimed: its id may be claimed with another
// content by now.
func (c *claims) remove(keys []Key) {
	var hashes [lookahead]uint64
	for keys := range slices.Chunk(keys, lookahead) {
		for i, k := range keys {
			hashes[i] = c.hash(k)
			c.table.touch(hashes[i])
		}
		for i, k := range keys {
			if c.table.remove(k, hashes[i], c.hash) && k.isFurther() {
				c.further--
			}
		}
	}
}
