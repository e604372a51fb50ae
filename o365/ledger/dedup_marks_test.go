package ledger

import (
	"hash/maphash"
	"testing"
)

// Marks never hide a key, and seldom say that there may be one where there is none, with
// two marks for each key or four.
func TestMarksSeldomMislead(t *testing.T) {
	hash := hasher{maphash.MakeSeed()}.hash
	const size, generations = 1 << 14, 9
	for _, test := range []struct {
		keys int
		most float64 // share of new keys that are looked for
	}{{size / 4, 0.04}, {size / 2, 0.12}} {
		m := make(marks, size)
		for n := range test.keys {
			m.set(hash(numbered(n)), 1<<(n%generations))
		}
		for n := range test.keys {
			if m.get(hash(numbered(n)))>>(n%generations)&1 == 0 {
				t.Fatalf("key %d is hidden", n)
			}
		}
		misled := 0
		for n := range size {
			if m.get(hash(numbered(test.keys+n))) != 0 {
				misled++
			}
		}
		if share := float64(misled) / size; share > test.most {
			t.Errorf("%d keys: %.3f of others are looked for, want at most %.3f", test.keys, share, test.most)
		}
		for g := range generations {
			m.clear(1 << g)
		}
		for i := range m {
			if m[i] != 0 {
				t.Fatalf("mark %d is %b after all are cleared", i, m[i])
			}
		}
	}
}
