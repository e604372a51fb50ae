package ledger

import (
	"hash/maphash"
	"slices"
	"time"
)

// A generation takes 1/9 of DedupMax or 1/5 of DedupWindow, whichever is full
// first: there are never more of them than the 16 bits of a mark.
const (
	generationsPerMax    = 9
	generationsPerWindow = 5
	maxGenerations       = 16
)

// keyGenerations holds record keys by age. Whole generations are dropped, which
// gives memory back at once.
type keyGenerations struct {
	hasher
	max     int   // keys
	window  int64 // seconds; 0: unlimited
	next    int64 // id of the next row
	total   int
	further int          // of total: keys of further contents
	old     int          // of total: keys of schema 1
	evicted uint64       // keys dropped because of max
	gens    []generation // oldest first, never more than there are marks
	marks   marks        // 2 to 4 a key
}

type generation struct {
	first      int64 // id of the first row with a key in it
	born, last int64 // Unix seconds of its first and last row
	mark       uint16
	further    int // keys of further contents
	old        int // keys of schema 1
	keys       keyTable
}

func newKeyGenerations(maxKeys int, window time.Duration) keyGenerations {
	return keyGenerations{
		hasher: hasher{maphash.MakeSeed()},
		max:    max(maxKeys, 0), window: int64(window / time.Second), next: 1,
		marks: make(marks, minMarks),
	}
}

// find returns the newest key with the id of k. It looks where the marks of the hash
// say: most keys are new, and looking for one in every generation takes as many cache
// misses.
func (ks *keyGenerations) find(k Key, hash uint64, marks uint16) (Key, bool) {
	for i := len(ks.gens) - 1; i >= 0 && marks != 0; i-- {
		if marks&ks.gens[i].mark != 0 {
			if found, ok := ks.gens[i].keys.get(k, hash); ok {
				return found, true
			}
		}
	}
	return k, false
}

func (ks *keyGenerations) has(k Key) bool {
	hash := ks.hash(k)
	found, ok := ks.find(k, hash, ks.marks.get(hash))
	return ok && found == k
}

// appendNew appends those keys to a slice that are not held.
func (ks *keyGenerations) appendNew(to, keys []Key) []Key {
	if ks.max == 0 {
		return to
	}
	var hashes [lookahead]uint64
	var marks [lookahead]uint16
	for keys := range slices.Chunk(keys, lookahead) {
		for i, k := range keys {
			hashes[i] = ks.hash(k)
		}
		for i := range keys {
			marks[i] = ks.marks.get(hashes[i])
		}
		for i, k := range keys {
			if found, ok := ks.find(k, hashes[i], marks[i]); !ok || found != k {
				to = append(to, k)
			}
		}
	}
	return to
}

// growMarks doubles the marks when there are more keys.
func (ks *keyGenerations) growMarks() {
	if 2*ks.total < len(ks.marks) || len(ks.marks) >= maxMarks {
		return
	}
	ks.marks = make(marks, 2*len(ks.marks))
	for _, g := range ks.gens {
		g.keys.each(func(k Key) { ks.marks.set(ks.hash(k), g.mark) })
	}
}

// add adds the keys of a row, and drops the oldest generations to keep within max. A
// key that an older generation has as well is in both.
func (ks *keyGenerations) add(r keyRow) {
	if len(r.keys) == 0 {
		return
	}
	ks.next = max(ks.next, r.id+1)
	if ks.max == 0 {
		return
	}
	ks.forget(r.time)
	var hashes [lookahead]uint64
	for keys := range slices.Chunk(r.keys, lookahead) {
		for i, k := range keys {
			hashes[i] = ks.hash(k)
			if n := len(ks.gens); n > 0 {
				ks.gens[n-1].keys.touch(hashes[i])
			}
		}
		for i, k := range keys {
			ks.addKey(r, k, hashes[i])
		}
	}
}

// addKey adds one key of a row.
func (ks *keyGenerations) addKey(r keyRow, k Key, hash uint64) {
	for ks.total >= ks.max {
		ks.evicted += uint64(ks.gens[0].keys.len)
		ks.drop()
	}
	ks.growMarks()
	g := ks.current(r)
	ks.marks.set(hash, g.mark)
	g.last = max(g.last, r.time)
	if !g.keys.set(k, hash, ks.hash) {
		return
	}
	ks.total++
	if k.isFurther() {
		g.further++
		ks.further++
	}
	if r.old {
		g.old++
		ks.old++
	}
}

// current returns the generation that takes the keys of r.
func (ks *keyGenerations) current(r keyRow) *generation {
	n := len(ks.gens)
	if n > 0 {
		g := &ks.gens[n-1]
		full := g.keys.len >= ks.part()
		old := ks.window > 0 && r.time-g.born > ks.window/generationsPerWindow
		if !full && !old || n == maxGenerations {
			return g
		}
	}
	used := uint16(0)
	for _, g := range ks.gens {
		used |= g.mark
	}
	keys := keyTable{expected: ks.part()}
	if n > 0 {
		keys.reserve(ks.gens[n-1].keys.len) // which is likely to be about what it takes
	}
	ks.gens = append(ks.gens, generation{first: r.id, born: r.time, last: r.time, mark: ^used & (used + 1), keys: keys})
	return &ks.gens[n]
}

// part returns how many keys a generation takes at most.
func (ks *keyGenerations) part() int { return (ks.max-1)/generationsPerMax + 1 }

func (ks *keyGenerations) expired(g generation, now int64) bool {
	return ks.window > 0 && now-g.last > ks.window
}

func (ks *keyGenerations) drop() {
	g := ks.gens[0]
	ks.total -= g.keys.len
	ks.further -= g.further
	ks.old -= g.old
	ks.marks.clear(g.mark)
	ks.gens[0] = generation{}
	ks.gens = ks.gens[1:]
}

// first returns the id of the oldest row that is still needed.
func (ks *keyGenerations) first() int64 {
	if len(ks.gens) == 0 {
		return ks.next
	}
	return ks.gens[0].first
}

// firstAt returns what first will once the generations that have expired at now,
// in Unix seconds, are dropped.
func (ks *keyGenerations) firstAt(now int64) int64 {
	for _, g := range ks.gens {
		if !ks.expired(g, now) {
			return g.first
		}
	}
	return ks.next
}

// forget drops the generations that have expired at now, in Unix seconds.
func (ks *keyGenerations) forget(now int64) {
	for len(ks.gens) > 0 && ks.expired(ks.gens[0], now) {
		ks.drop()
	}
}
