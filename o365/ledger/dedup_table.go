package ledger

import (
	"hash/maphash"
	"math/bits"
)

// keyTable is a set of keys with different ids. It takes 18 bytes for each when it
// is full, where a map takes up to 36: open addressing, linear probing, and a size
// that is not a power of two. It never shrinks.
type keyTable struct {
	expected int // keys; more are taken too
	len      int
	slots    []Key // the zero key marks a free one
	zero     bool  // the zero key is in the set
}

const minSlots = 64

// slotsFor returns how many slots n keys take: one in eight is free.
func slotsFor(n int) int { return n + n/7 + 1 }

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
	if slotsFor(t.len+1) > len(t.slots) {
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
	if full := slotsFor(t.expected); len(t.slots) < full {
		n = min(n, full)
	}
	old := t.slots
	t.slots = make([]Key, max(n, slotsFor(t.len+1)))
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
	for id := k.id(); t.slots[i].id() != id || t.slots[i] == (Key{}); {
		if t.slots[i] == (Key{}) {
			return int(i), false
		}
		if i++; i == n {
			i = 0
		}
	}
	return int(i), true
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
