package delivery

import (
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/record"
)

// Of the records that are too large the largest is logged, wherever it stands. Known
// ones were logged before.
func TestLargestRecord(t *testing.T) {
	for _, tt := range []struct {
		sizes   []int64 // 0: within the limit
		known   int     // the index of a duplicate
		largest int
	}{
		{[]int64{0, 3000, 2000, 0}, 9, 1},
		{[]int64{2000, 3000, 0, 4000}, 9, 3},
		{[]int64{2000, 4000, 3000}, 9, 1},
		{[]int64{2000, 3000, 3000}, 9, 1},
		{[]int64{2000, 4000, 3000}, 1, 2},
	} {
		f, m := findings{}, &metrics.Stream{}
		f.begin(0)
		for index, size := range tt.sizes {
			verdict := ledger.New
			if index == tt.known {
				verdict = ledger.Known
			}
			f.addRecord(record.Record{Index: index, TooLarge: size}, verdict, m)
		}
		if f.largest.Index != tt.largest || f.largest.TooLarge != tt.sizes[tt.largest] || int64(f.tooLarge) != m.Oversized.Load() {
			t.Errorf("%v: record %d of %d bytes, %d of %d", tt.sizes, f.largest.Index, f.largest.TooLarge, f.tooLarge, m.Oversized.Load())
		}
	}
}
