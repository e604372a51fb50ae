package ledger

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"testing"
)

// numbered keys begin with the zero key.
func numbered(n int) (k Key) {
	binary.LittleEndian.PutUint64(k[:8], uint64(n))
	return k
}

func TestTable(t *testing.T) {
	seeded := hasher{maphash.MakeSeed()}.hash
	for _, test := range []struct {
		name string
		most int
		n    int
		hash func(Key) uint64
	}{
		{"as many as foreseen", 1000, 1000, seeded},
		{"more than foreseen", 10, 1000, seeded},
		{"none foreseen", 0, 100, seeded},
		{"all in the first slot", 500, 500, func(Key) uint64 { return 0 }},
		{"all in the last slot", 500, 500, func(Key) uint64 { return math.MaxUint64 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := keyTable{expected: test.most}
			has := func(n int) bool {
				have, ok := set.get(numbered(n), test.hash(numbered(n)))
				return ok && have == numbered(n)
			}
			for i := range test.n {
				for _, k := range []int{i - 1, i, i + 1} {
					if got, want := has(k), k >= 0 && k < i; got != want {
						t.Fatalf("with %d keys: has(%d) is %v", i, k, got)
					}
				}
				for _, added := range []bool{true, false} {
					if got := set.set(numbered(i), test.hash(numbered(i)), test.hash); got != added {
						t.Fatalf("key %d is added: %v", i, got)
					}
				}
			}
			seen := make(map[Key]int)
			set.each(func(k Key) { seen[k]++ })
			if len(seen) != test.n || set.len != test.n {
				t.Errorf("%d keys, %d counted, want %d", len(seen), set.len, test.n)
			}
			for i := range test.n {
				if seen[numbered(i)] != 1 || !has(i) {
					t.Errorf("key %d comes %d times", i, seen[numbered(i)])
				}
			}
		})
	}
}

// A key is found by its id, and has its place.
func TestTableKeepsOneContent(t *testing.T) {
	hash := hasher{maphash.MakeSeed()}.hash
	var set keyTable
	for content := range uint64(1000) {
		k := keyOf(8, content)
		if added := set.set(k, hash(k), hash); added != (content == 0) || set.len != 1 {
			t.Fatalf("content %d: added %v, %d keys", content, added, set.len)
		}
		if have, ok := set.get(keyOf(8, 5), hash(k)); !ok || have != k {
			t.Fatalf("content %d: found %x, %v", content, have, ok)
		}
	}
	if len(set.slots) > minSlots {
		t.Errorf("%d slots", len(set.slots))
	}
}

// Whatever is set and removed, the set has what a map has.
func TestTableRemoves(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	seeded := hasher{maphash.MakeSeed()}.hash
	for _, test := range []struct {
		name   string
		sparse bool
		hash   func(Key) uint64
	}{
		{"sparse", true, seeded},
		{"dense", false, seeded},
		{"all in the last slot", true, func(Key) uint64 { return math.MaxUint64 }},
		{"all in a few, around the end", false, func(k Key) uint64 { return (uint64(k[0])%5 - 2) << 58 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, want := keyTable{sparse: test.sparse}, make(map[int]bool)
			for range 20_000 {
				n := random.IntN(1 + random.IntN(200))
				k := numbered(n)
				if random.IntN(2) == 0 {
					set.set(k, test.hash(k), test.hash)
					want[n] = true
				} else {
					other := k
					other[15] = 1 // another content
					if set.remove(other, test.hash(other), test.hash) {
						t.Fatalf("another content of %d is removed", n)
					}
					if removed := set.remove(k, test.hash(k), test.hash); removed != want[n] {
						t.Fatalf("%d is removed: %v", n, removed)
					}
					delete(want, n)
				}
				n = random.IntN(200)
				if _, has := set.get(numbered(n), test.hash(numbered(n))); has != want[n] || set.len != len(want) {
					t.Fatalf("has(%d) is %v; %d keys, want %d", n, has, set.len, len(want))
				}
			}
			found := 0
			set.each(func(Key) { found++ })
			if found != len(want) {
				t.Errorf("%d keys, want %d", found, len(want))
			}
		})
	}
}

// A full generation takes 19 bytes a key, whatever its size.
func TestTableIsSmall(t *testing.T) {
	hash := hasher{maphash.MakeSeed()}.hash
	for _, n := range []int{1000, 111_112, 140_000} {
		set := keyTable{expected: n}
		for i := range n {
			set.set(numbered(i), hash(numbered(i)), hash)
		}
		if bytes := 16 * cap(set.slots); bytes > 19*n {
			t.Errorf("%d keys take %d bytes, %.1f each", n, bytes, float64(bytes)/float64(n))
		}
	}
}
