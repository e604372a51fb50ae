package record

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
)

// kinds are records of different sizes and content: those of the made-up blob, cut or
// joined, and some that have much of what is rare.
func kinds(b *testing.B) (names []string, records map[string][][]byte) {
	b.Helper()
	whole := cutAll(b, blob(200))
	records = map[string][][]byte{"whole": whole}
	for i, rec := range whole {
		end := bytes.Index(rec, []byte(`,"Parameters"`))
		records["small"] = append(records["small"], append(rec[:end:end], '}'))
		if i%50 == 0 {
			large := fmt.Appendf(nil, `{"Id":"%d","Records":[%s]}`, i, bytes.Join(whole[i:i+50], []byte(",")))
			records["large"] = append(records["large"], large)
		}
	}
	repeat := func(field string) [][]byte {
		return [][]byte{fmt.Appendf(nil, `{"Id":"a","Fields":[%s0]}`, strings.Repeat(field, 200))}
	}
	records["escapes"] = repeat(`"{\"Name\":\"Gr\u00fc\u00dfe\",\"Path\":\"C:\\\\Temp\"}\r\n",`)
	records["Greek"] = repeat(`"καλημέρα κόσμε",`)
	records["numbers"] = repeat(`1,-20,300,1715000000,9007199254740993,26.5,-0.125,`)
	return []string{"small", "whole", "large", "escapes", "Greek", "numbers"}, records
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
	names, all := kinds(b)
	for _, name := range names {
		records, total := all[name], 0
		for _, rec := range records {
			total += len(rec)
		}
		b.Run(fmt.Sprintf("%s, %d bytes", name, total/len(records)), func(b *testing.B) {
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
