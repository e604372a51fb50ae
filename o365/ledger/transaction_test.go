package ledger

import (
	"slices"
	"testing"
)

func TestSplitKeys(t *testing.T) {
	keys := row(1, 0, 25).keys
	for _, test := range []struct {
		n, limit int
		want     []int // lengths
	}{
		{0, 10, nil}, {1, 10, []int{1}}, {10, 10, []int{10}}, {11, 10, []int{10, 1}}, {25, 10, []int{10, 10, 5}}, {3, 1, []int{1, 1, 1}},
	} {
		rows := splitKeys(keys[:test.n], 7, 1000, test.limit)
		var joined []Key
		var lengths []int
		for i, r := range rows {
			if r.id != int64(7+i) || r.time != 1000 || r.old {
				t.Errorf("%d keys: row %d is %v", test.n, i, r)
			}
			lengths = append(lengths, len(r.keys))
			joined = append(joined, r.keys...)
		}
		if !slices.Equal(lengths, test.want) || !slices.Equal(joined, keys[:test.n]) {
			t.Errorf("%d keys: rows of %v, want %v", test.n, lengths, test.want)
		}
	}
}
