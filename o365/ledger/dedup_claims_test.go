package ledger

import "testing"

// A key that is not claimed, or whose id is claimed with another content by now, is not
// removed, and further contents are counted as they come and go.
func TestClaims(t *testing.T) {
	first, other := keyOf(8, 1), keyOf(8, 2)
	further := first.further()
	c := newClaims()
	for n, step := range []struct {
		do      func(Key)
		key     Key
		held    Key // under the id of the key; zero: none
		further int
	}{
		{c.remove, first, Key{}, 0},
		{c.add, first, first, 0},
		{c.remove, other, first, 0},
		{c.add, further, further, 1},
		{c.remove, first, Key{}, 1},
		{c.remove, first, Key{}, 1},
		{c.add, other, other, 1},
		{c.remove, first, other, 1},
		{c.remove, further, Key{}, 0},
		{c.remove, further, Key{}, 0},
	} {
		step.do(step.key)
		got, ok := c.get(step.key)
		if ok != (step.held != Key{}) || ok && got != step.held || c.further != step.further {
			t.Errorf("step %d: %x, %v, %d further; want %x, %d", n, got, ok, c.further, step.held, step.further)
		}
	}
}
