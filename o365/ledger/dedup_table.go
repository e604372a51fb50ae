package ledger

import (
	"hash/maphash"
	"math/bits"
)

// keyTable is a set of keys with different ids. It takes 18 bytes for each when it
// is full, where a map takes up to 36: open addressing, linear probing, and a size
// that is not a power of two. It never shrinks.
type keyTable struct {
	expected int  // keys; more are taken too
	sparse   bool // one in three slots is free, which takes more memory and less time
	len      int
	slots    []Key // the zero key marks a free one
	zero     bool  // the zero key is in the set
	touched  byte  // written by touch, read by nobody
}

const minSlots = 64

// slotsFor returns how many slots n keys take: one in eight is free, or one in three.
func (t *keyTable) slotsFor(n int) int {
	if t.sparse {
		return n + n/2 + 1
	}
	return n + n/7 + 1
}

// reserve makes room for n keys in an empty set.
func (t *keyTable) reserve(n int) { t.slots = make([]Key, t.slotsFor(n)) }

// get returns the key with the id of k.
func (t *keyTable) get(k Key, hash uint64) (_ Key, ok bool) {
	if k == (Key{}) && t.zero {
		return k, true
	}
	if len(t.slots) == 0 {
		return k, false
	}
	slot, found := t.find(k, hash)
	return t.slots[slot], found
}

// set adds a key, in place of one with its id.
func (t *keyTable) set(k Key, hash uint64, rehash func(Key) uint64) (added bool) {
	if k == (Key{}) {
		if added = !t.zero; added {
			t.zero = true
			t.len++
		}
		return added
	}
	if t.slotsFor(t.len+1) > len(t.slots) {
		t.grow(rehash)
	}
	slot, found := t.find(k, hash)
	if t.slots[slot] = k; !found {
		t.len++
	}
	return !found
}

// grow doubles the slots, or takes as many as the expected keys need.
func (t *keyTable) grow(hash func(Key) uint64) {
	n := max(minSlots, 2*len(t.slots))
	if full := t.slotsFor(t.expected); len(t.slots) < full {
		n = min(n, full)
	}
	old := t.slots
	t.slots = make([]Key, max(n, t.slotsFor(t.len+1)))
	for _, k := range old {
		if k != (Key{}) {
			i, _ := t.find(k, hash(k))
			t.slots[i] = k
		}
	}
}

// find returns the slot of the key with the id of k, or the free one where k
// belongs.
func (t *keyTable) find(k Key, hash uint64) (slot int, found bool) {
	n := uint64(len(t.slots))
	i, _ := bits.Mul64(hash, n)
	for {
		switch slot := &t.slots[i]; {
		case *slot == Key{}:
			return int(i), false
		case [8]byte(slot[:8]) == [8]byte(k[:8]):
			return int(i), true
		}
		if i++; i == n {
			i = 0
		}
	}
}

// remove takes a key out, and reports whether it was in. Keys behind it move up, so that
// no free slot is between one and the slot of its hash.
func (t *keyTable) remove(k Key, hash uint64, rehash func(Key) uint64) bool {
	if k == (Key{}) {
		if !t.zero {
			return false
		}
		t.zero = false
		t.len--
		return true
	}
	if len(t.slots) == 0 {
		return false
	}
	free, found := t.find(k, hash)
	if !found || t.slots[free] != k {
		return false
	}
	t.len--
	n := len(t.slots)
	for i := free; ; {
		if i++; i == n {
			i = 0
		}
		if t.slots[i] == (Key{}) {
			break
		}
		home, _ := bits.Mul64(rehash(t.slots[i]), uint64(n))
		if distance(int(home), i, n) >= distance(free, i, n) {
			t.slots[free], free = t.slots[i], i
		}
	}
	t.slots[free] = Key{}
	return true
}

// distance returns how many slots of n it is from one on to another.
func distance(from, to, n int) int {
	if to < from {
		to += n
	}
	return to - from
}

// lookahead is how many keys are looked for at a time. What they need of a table is rarely
// in the processor's cache: it fetches that of many at once where nothing is decided by it
// in between.
const lookahead = 64

// touch reads the slot of a hash, so that it is in the processor's cache.
func (t *keyTable) touch(hash uint64) {
	if len(t.slots) > 0 {
		i, _ := bits.Mul64(hash, uint64(len(t.slots)))
		t.touched += t.slots[i][0] // else the compiler leaves the reading out
	}
}

// each calls f with every key.
func (t *keyTable) each(f func(Key)) {
	if t.zero {
		f(Key{})
	}
	for _, k := range t.slots {
		if k != (Key{}) {
			f(k)
		}
	}
}

// hasher spreads ids, which others may choose, in a way that nobody can predict.
type hasher struct{ seed maphash.Seed }

func (h hasher) hash(k Key) uint64 { return maphash.Bytes(h.seed, k[:8]) }
