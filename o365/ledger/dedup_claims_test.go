package ledger

import (
	"hash/maphash"
	"testing"
)

// A key that is not claimed, or whose id is claimed with another content by now, is not
// removed, and further contents are counted as they come and go.
func TestClaims(t *testing.T) {
	first, other := keyOf(8, 1), keyOf(8, 2)
	further := first.further()
	c := newClaims(hasher{maphash.MakeSeed()})
	add := func(k Key) { c.add(k, c.hash(k)) }
	remove := func(k Key) { c.remove([]Key{k}) }
	for n, step := range []struct {
		do      func(Key)
		key     Key
		held    Key // under the id of the key; zero: none
		further int
	}{
		{remove, first, Key{}, 0},
		{add, first, first, 0},
		{remove, other, first, 0},
		{add, further, further, 1},
		{remove, first, Key{}, 1},
		{remove, first, Key{}, 1},
		{add, other, other, 1},
		{remove, first, other, 1},
		{remove, further, Key{}, 0},
		{remove, further, Key{}, 0},
	} {
		step.do(step.key)
		got, ok := c.table.get(step.key, c.hash(step.key))
		if ok != (step.held != Key{}) || ok && got != step.held || c.further != step.further {
			t.Errorf("step %d: %x, %v, %d further; want %x, %d", n, got, ok, c.further, step.held, step.further)
		}
	}
}

// Records that are claimed together are claimed one after the other.
func TestClaimTogether(t *testing.T) {
	l := open(t, "", Options{})
	a, b, other := keyOf(8, 1), keyOf(8, 2), keyOf(10, 1)
	further := b.further()
	for n, want := range [][]Claim{
		{{Key: a, Verdict: New}, {Key: a, Verdict: Known}, {Key: further, Verdict: Changed}, {Key: other, Verdict: New}, {Key: further, Verdict: Known}},
		{{Key: a, Verdict: Known}, {Key: a, Verdict: Known}, {Key: further, Verdict: Known}, {Key: other, Verdict: Known}, {Key: further, Verdict: Known}},
	} {
		claims := []Claim{{Key: a}, {Key: a}, {Key: b}, {Key: other}, {Key: b}}
		l.Claim(claims)
		for i, c := range claims {
			if c.Key != want[i].Key || c.Verdict != want[i].Verdict {
				t.Errorf("turn %d, record %d: %x, %v; want %x, %v", n, i, c.Key, c.Verdict, want[i].Key, want[i].Verdict)
			}
		}
	}
	l.Claim(nil)
}
