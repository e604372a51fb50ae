package ledger

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkRecords measures what a record costs that is claimed when it is read, as one
// of 64 of a part, and confirmed with nine other parts, beside as many as benchKeys says
// that are known. Whatever is read and written in between has left the processor's cache
// to others.
func BenchmarkRecords(b *testing.B) {
	const partKeys, parts = 64, 10
	n := benchKeys(b)
	for name, place := range map[string]string{"memory": "", "db": "o365.db"} {
		b.Run(name, func(b *testing.B) {
			if place != "" {
				place = filepath.Join(scratch(b), place)
			}
			l := open(b, place, Options{DedupMax: n + n/8})
			random := rand.New(rand.NewPCG(1, 1))
			for first := 0; first < n; first += 700 {
				if err := l.Confirm(benchDeliveries(random, first, 700)); err != nil {
					b.Fatal(err)
				}
			}
			var claims, confirms time.Duration
			records := 0
			ds, asked := make([]Delivery, parts), make([]Claim, partKeys)
			from, to := make([]byte, 2<<20), make([]byte, 2<<20)
			other := func() { copy(to, from) }
			for b.Loop() {
				for i := range ds {
					ds[i] = Delivery{Stream: exchange, Blob: "b", Created: start, Through: records}
					for i := range asked {
						asked[i].Key = keyOf(random.Uint64(), random.Uint64())
					}
					keys := make([]Key, 0, partKeys)
					other()
					begun := time.Now()
					l.Claim(asked)
					for _, c := range asked {
						keys = append(keys, c.Key)
					}
					claims += time.Since(begun)
					ds[i].Keys = keys
					records += partKeys
				}
				other()
				begun := time.Now()
				if err := l.Confirm(ds); err != nil {
					b.Fatal(err)
				}
				confirms += time.Since(begun)
			}
			b.ReportMetric(float64(claims.Nanoseconds())/float64(records), "ns/claim")
			b.ReportMetric(float64(confirms.Nanoseconds())/float64(records), "ns/confirm")
		})
	}
}
