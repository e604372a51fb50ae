package main

import (
	"math"
	"testing"
)

// Every shape has about as much JSON as it should, in records of its size.
func TestShapes(t *testing.T) {
	const megabytes = 4
	for _, s := range shapes() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			recordSize := float64(max(s.recordSize, plainRecordSize))
			if total := float64(s.blobs(60)*len(types)*s.records) * recordSize / megabyte; math.Abs(total/60-1) > 0.1 {
				t.Errorf("%.0f MB, want about 60", total)
			}
			l, err := startLoad(t.Context(), t.TempDir(), s.blobs(megabytes), s.records, s.arguments()...)
			if err != nil {
				t.Fatal(err)
			}
			defer l.stop()
			if l.size.Records != s.blobs(megabytes)*len(types)*s.records {
				t.Errorf("the service has %+v", l.size)
			}
			if got := float64(l.size.Bytes) / float64(l.size.Records); math.Abs(got/recordSize-1) > 0.15 {
				t.Errorf("%.0f bytes a record, want about %.0f", got, recordSize)
			}
		})
	}
}
