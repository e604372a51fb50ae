package cloud

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestRecordsAreJSONAndSized(t *testing.T) {
	c := New(Options{Seed: 7, Blobs: 4, Records: 2000})
	var sizes []int
	for _, s := range c.series {
		for _, b := range s.blobs {
			for i, text := range b.records(0) {
				var v map[string]any
				if err := json.Unmarshal(text, &v); err != nil {
					t.Fatalf("%s %d/%d: %v in %s", s.typ, b.number, i, err, text)
				}
				sizes = append(sizes, len(text))
			}
		}
	}
	slices.Sort(sizes)
	n := len(sizes)
	t.Logf("p50 %d p95 %d p99 %d max %d", sizes[n/2], sizes[n*95/100], sizes[n*99/100], sizes[n-1])
}

func BenchmarkRecords(b *testing.B) {
	c := New(Options{Seed: 7, Blobs: 1, Records: 1 << 30})
	for _, s := range c.series {
		b.Run(s.typ, func(b *testing.B) {
			m, i := newMaker(), 0
			for b.Loop() {
				b.SetBytes(int64(len(s.blobs[0].record(m, i))))
				i++
			}
		})
	}
}
