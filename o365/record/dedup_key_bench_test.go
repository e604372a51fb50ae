package record

import (
	"bytes"
	"testing"
)

// BenchmarkKey makes the keys of a blob's records. bytes/record is the size of their JSON.
func BenchmarkKey(b *testing.B) {
	d := NewDecoder(bytes.NewReader(blob(400)), Options{Scope: "tenant"})
	type texts struct{ id, raw []byte }
	var records []texts
	size := 0
	for {
		if _, _, err := d.Append(nil); err != nil {
			break
		}
		records = append(records, texts{bytes.Clone(d.last.id), bytes.Clone(d.last.raw)})
		size += len(d.last.raw)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range records {
			d.key(r.id, r.raw)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/record")
	b.ReportMetric(float64(size)/float64(len(records)), "bytes/record")
}
