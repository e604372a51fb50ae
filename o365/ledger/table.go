package ledger

import (
	"hash/maphash"
	"math/bits"
)

// table is a set of keys in 18 bytes each when it is full, of which a map takes
// up to 36: open addressing, linear probing, and a size that is not a power of
// two. It never shrinks.
type table struct {
	most  int // keys that will come; more are taken too
	len   int
	slots []Key // the zero key marks a free one
	zero  bool  // the zero key is in the set
}

const leastSlots = 64

// room is how many slots n keys take: one in eight is free.
func room(n int) int { return n + n/7 + 1 }

func (t *table) has(k Key, hash uint64) bool {
	if k == (Key{}) {
		return t.zero
	}
	if len(t.slots) == 0 {
		return false
	}
	_, found := t.find(k, hash)
	return found
}

// same returns the key in the set that has the same first half.
func (t *table) same(k Key, hash uint64) (Key, bool) {
	if t.zero && k.id() == (Key{}).id() {
		return Key{}, true
	}
	if len(t.slots) == 0 {
		return Key{}, false
	}
	n := uint64(len(t.slots))
	i, _ := bits.Mul64(hash, n)
	for t.slots[i] != (Key{}) {
		if t.slots[i].id() == k.id() {
			return t.slots[i], true
		}
		if i++; i == n {
			i = 0
		}
	}
	return Key{}, false
}

// add takes a key that is not in the set.
func (t *table) add(k Key, hash uint64, rehash func(Key) uint64) {
	t.len++
	if k == (Key{}) {
		t.zero = true
		return
	}
	if room(t.len) > len(t.slots) {
		t.grow(rehash)
	}
	i, _ := t.find(k, hash)
	t.slots[i] = k
}

// grow doubles the slots, or takes as many as all keys will need.
func (t *table) grow(hash func(Key) uint64) {
	n := max(leastSlots, 2*len(t.slots))
	if full := room(t.most); len(t.slots) < full {
		n = min(n, full)
	}
	old := t.slots
	t.slots = make([]Key, max(n, room(t.len)))
	for _, k := range old {
		if k != (Key{}) {
			i, _ := t.find(k, hash(k))
			t.slots[i] = k
		}
	}
}

// find returns the slot of a key, or the free one where it belongs.
func (t *table) find(k Key, hash uint64) (slot int, found bool) {
	n := uint64(len(t.slots))
	i, _ := bits.Mul64(hash, n)
	for t.slots[i] != k {
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
func (t *table) each(f func(Key)) {
	if t.zero {
		f(Key{})
	}
	for _, k := range t.slots {
		if k != (Key{}) {
			f(k)
		}
	}
}

// hasher spreads keys, which others choose, in a way that nobody can foresee: by
// their first halves, so that all with the same one are in one place.
type hasher struct{ seed maphash.Seed }

func (h hasher) hash(k Key) uint64 { return maphash.Bytes(h.seed, k[:half]) }
