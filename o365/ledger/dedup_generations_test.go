package ledger

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

// row has n keys that no other id has.
func row(id, seconds int64, n int) keyRow {
	r := keyRow{id: id, time: seconds}
	for i := range n {
		r.keys = append(r.keys, Key{byte(id), byte(id >> 8), byte(i), byte(i >> 8)})
	}
	return r
}

func TestGenerations(t *testing.T) {
	const hour = 60 * 60
	for _, test := range []struct {
		name    string
		max     int
		rows    []keyRow
		total   int
		gens    int
		evicted uint64
		first   int64 // row still needed
		at      int64 // when forget is called
		kept    int   // after it
	}{
		{"nothing", 90, nil, 0, 0, 0, 1, 9 * hour, 0},
		{"no keys are kept", 0, []keyRow{row(1, 0, 5)}, 0, 0, 0, 2, 0, 0},
		{"one generation", 90, []keyRow{row(1, 0, 10)}, 10, 1, 0, 1, 8 * hour, 10},
		{"one generation, too old", 90, []keyRow{row(1, 0, 10)}, 10, 1, 0, 1, 8*hour + 1, 0},
		{"a row in two", 90, []keyRow{row(1, 0, 15)}, 15, 2, 0, 1, 0, 15},
		{"cut by age", 90, []keyRow{row(1, 0, 3), row(2, hour, 3), row(3, 2*hour, 3)}, 9, 2, 0, 1, 9*hour + 1, 3},
		{"full", 90, []keyRow{row(1, 0, 45), row(2, 0, 45)}, 90, 9, 0, 1, 0, 90},
		{"one too many", 90, []keyRow{row(1, 0, 45), row(2, 0, 46)}, 81, 9, 10, 1, 0, 81},
		{"a row is not needed", 90, []keyRow{row(1, 0, 10), row(2, 0, 81)}, 81, 9, 10, 2, 0, 81},
		{"too many of one row", 9, []keyRow{row(1, 0, 30)}, 9, 9, 21, 1, 0, 9},
		{"too old ones are not evicted", 9, []keyRow{row(1, 0, 9), row(2, 9*hour, 4)}, 4, 4, 0, 2, 9 * hour, 4},
		{"one key", 1, []keyRow{row(1, 0, 2), row(2, 0, 1)}, 1, 1, 2, 2, 0, 1},
		{"keys that come again", 90, []keyRow{row(1, 0, 15), row(1, 0, 15)}, 30, 3, 0, 1, 0, 30},
		{"again in one generation", 90, []keyRow{row(1, 0, 5), row(1, 0, 5)}, 5, 1, 0, 1, 0, 5},
		{"the clock goes back", 90, []keyRow{row(1, 5*hour, 3), row(2, 0, 3)}, 6, 1, 0, 1, 13 * hour, 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			ks := newKeyGenerations(test.max, 8*time.Hour)
			for _, r := range test.rows {
				ks.add(r)
				for _, k := range r.keys[max(0, len(r.keys)-test.max*7/8):] {
					if test.max > 0 && !ks.has(k) {
						t.Errorf("%x of row %d is forgotten at once", k, r.id)
					}
				}
			}
			if ks.total != test.total || len(ks.gens) != test.gens || ks.evicted != test.evicted || ks.first() != test.first {
				t.Errorf("%d keys in %d generations, %d evicted, first row %d", ks.total, len(ks.gens), ks.evicted, ks.first())
			}
			first := ks.firstAt(test.at)
			if ks.forget(test.at); ks.total != test.kept || ks.first() != first {
				t.Errorf("%d keys kept, first row %d, %d foreseen", ks.total, ks.first(), first)
			}
		})
	}
}

// However rows come, each generation has a mark of its own, and the marks hide
// no key.
func TestMarks(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		ks := newKeyGenerations(1+random.IntN(500), time.Duration(1+random.IntN(100))*time.Second)
		seconds := int64(0)
		for id := range int64(300) {
			seconds += random.Int64N(ks.window)/10 + int64(random.IntN(2))
			ks.add(row(id, seconds, random.IntN(20)))
			marks, total := uint16(0), 0
			for _, g := range ks.gens {
				if bits.OnesCount16(g.mark) != 1 || marks&g.mark != 0 {
					t.Fatalf("mark %b after %b", g.mark, marks)
				}
				marks |= g.mark
				g.keys.each(func(k Key) {
					if total++; !ks.has(k) {
						t.Fatalf("%x is hidden", k)
					}
				})
			}
			if total != ks.total || total > ks.max {
				t.Fatalf("%d keys, %d counted, %d at most", total, ks.total, ks.max)
			}
		}
	}
	for _, most := range []int{-1, 0, 1, math.MaxInt} {
		ks := newKeyGenerations(most, 0)
		ks.add(row(1, 0, 1))
		if ks.has(row(1, 0, 1).keys[0]) != (most > 0) {
			t.Errorf("with %d at most", most)
		}
	}
}

// Keys that are forgotten because a start allows fewer are none that were forgotten
// since.
func TestEvictedSinceOpen(t *testing.T) {
	path := filepath.Join(scratch(t), "o365.db")
	confirm := func(l *Ledger, first, n int) {
		d := Delivery{Stream: exchange, Blob: fmt.Sprint(first), Created: start, Through: n}
		for i := range n {
			d.Keys = append(d.Keys, keyOf(uint64(first+i)<<8, 1))
		}
		must(t, l.Confirm([]Delivery{d}))
	}
	l := open(t, path, Options{DedupMax: 1000})
	confirm(l, 1, 900)
	l.Close()
	l = open(t, path, Options{DedupMax: 100})
	if n := l.Evicted(); n != 0 {
		t.Errorf("%d are forgotten at the start", n)
	}
	confirm(l, 1001, 100)
	if n := l.Evicted(); n < 80 || n > 110 {
		t.Errorf("%d are forgotten", n)
	}
}
