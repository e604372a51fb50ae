package record

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
)

// sized are records of different sizes: those of the made-up blob, cut or extended.
func sized(b *testing.B) map[string][][]byte {
	b.Helper()
	records := cutAll(b, blob(200))
	small, large := make([][]byte, len(records)), make([][]byte, 4)
	for i, rec := range records {
		end := bytes.Index(rec, []byte(`,"Parameters"`))
		small[i] = append(rec[:end:end], '}')
	}
	for i := range large {
		large[i] = fmt.Appendf(nil, `{"Id":"%d","Records":[%s]}`, i, bytes.Join(records[50*i:50*i+50], []byte(",")))
	}
	return map[string][][]byte{"small": small, "real": records, "large": large}
}

func cutAll(b *testing.B, blob []byte) (records [][]byte) {
	b.Helper()
	c := elements.NewCutter(nil)
	c.Reset(bytes.NewReader(blob), len(blob), elements.Hooks{})
	for {
		el, err := c.Next()
		if err != nil {
			return records
		}
		records = append(records, bytes.Clone(el.Raw))
	}
}

// BenchmarkAgainstReference lets the transcoder and the two passes take turns, and
// compares the fastest of each, so that a busy machine matters little.
func BenchmarkAgainstReference(b *testing.B) {
	for _, size := range []string{"small", "real", "large"} {
		records := sized(b)[size]
		total := 0
		for _, rec := range records {
			total += len(rec)
		}
		b.Run(fmt.Sprintf("%s, %d bytes", size, total/len(records)), func(b *testing.B) {
			var t transcoder
			var r reference
			var buf []byte
			var ours, theirs []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				begin := time.Now()
				for _, rec := range records {
					buf = t.record(buf[:0], rec).out
				}
				middle := time.Now()
				for _, rec := range records {
					done, err := r.record(buf[:0], rec)
					if err != nil {
						b.Fatal(err)
					}
					buf = done.out
				}
				ours, theirs = append(ours, middle.Sub(begin)), append(theirs, time.Since(middle))
			}
			x, y := slices.Min(ours), slices.Min(theirs)
			perMB := 1e6 / float64(total) / float64(time.Millisecond)
			b.ReportMetric(float64(x)*perMB, "ms/MB")
			b.ReportMetric(float64(y)*perMB, "two-passes-ms/MB")
			b.ReportMetric(float64(y)/float64(x), "times-faster")
		})
	}
}
