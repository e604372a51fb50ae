package api

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/content"
)

func TestSameSeedSameRecords(t *testing.T) {
	at := newClock()
	opt := Options{Seed: 7, Now: at.now, Start: t0, Blobs: 6, Records: 20, Duplicates: 20}
	a, b := New(opt), New(opt)
	at.move(day)
	c := New(opt)
	opt.Seed = 8
	d := New(opt)
	first := func(c *Service, s int) []byte {
		return bytes.Join(slices.Collect(clones(c.series[s].blobs[3])), nil)
	}
	for s := range a.series {
		if !bytes.Equal(first(a, s), first(b, s)) || !bytes.Equal(first(a, s), first(c, s)) {
			t.Errorf("%s differs", a.series[s].typ)
		}
		if bytes.Equal(first(a, s), first(d, s)) {
			t.Errorf("%s is the same with another seed", a.series[s].typ)
		}
	}
}

func clones(b *blob) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for text := range b.texts(0) {
			if !yield(bytes.Clone(text)) {
				return
			}
		}
	}
}

func TestPlantedDuplicates(t *testing.T) {
	sim := New(Options{Seed: 7, Now: newClock().now, Types: []string{SharePoint}, Blobs: 40, Records: 100, Duplicates: 10})
	blobsOf := map[string]map[int]bool{} // of each text
	repeats := 0
	for _, b := range sim.series[0].blobs {
		for _, text := range b.records(0) {
			if blobsOf[string(text)] == nil {
				blobsOf[string(text)] = map[int]bool{}
			} else {
				repeats++
			}
			blobsOf[string(text)][b.number] = true
		}
	}
	if repeats < 300 || repeats > 500 {
		t.Errorf("%d of 4000 records repeat another, want about 10 %%", repeats)
	}
	across := 0
	for _, blobs := range blobsOf {
		if len(blobs) > 1 {
			across++
		}
	}
	if across < 250 {
		t.Errorf("%d records are in several blobs", across)
	}
}

// FuzzRecords asks for any record there could be: it is a JSON object, and the
// same one when it is asked for again.
func FuzzRecords(f *testing.F) {
	f.Add(uint64(1), uint16(0), uint32(0), 0.0)
	f.Add(uint64(7), uint16(3), uint32(1<<31), 50.0)
	f.Fuzz(func(t *testing.T, seed uint64, number uint16, index uint32, duplicates float64) {
		sim := New(Options{Seed: seed, Start: t0, Blobs: int(number%64) + 1, Records: 1000, Duplicates: duplicates})
		m, d := content.NewGenerator(), check.Digester{}
		for _, s := range sim.series {
			b := s.blobs[int(number)%len(s.blobs)]
			text := bytes.Clone(b.record(m, int(index)))
			if !json.Valid(text) || text[0] != '{' {
				t.Fatalf("not an object: %s", text)
			}
			if _, id, err := d.Digest(text); err != nil || len(id) != 36 {
				t.Fatalf("Id %q, %v in %s", id, err, text)
			}
			b.record(m, int(index)+1)
			if again := b.record(content.NewGenerator(), int(index)); !bytes.Equal(text, again) {
				t.Fatalf("made again, it is another:\n%s\n%s", text, again)
			}
		}
	})
}
