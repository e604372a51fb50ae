package ledger

import (
	"hash/maphash"
	"time"
)

// A generation takes 1/9 of DedupMax or 1/5 of DedupWindow, whichever is full
// first: there are never more of them than marks.
const (
	parts      = 9
	ages       = 5
	marksLeast = 1 << 8
	marksMost  = 1 << 24 // 32 MB; with more keys Claim is a little slower
)

// keyRow is what one transaction adds: rows have rising ids.
type keyRow struct {
	id   int64
	time int64 // Unix seconds
	keys []Key
}

// keys holds record keys by age. Whole generations are dropped, which gives
// memory back at once.
type keys struct {
	hasher
	max     int   // keys
	window  int64 // seconds; 0: unlimited
	next    int64 // id of the next row
	total   int
	evicted uint64
	gens    []generation // oldest first, never more than there are marks
	marks   []uint16     // by hash: the generations that may have such a key; 2 to 4 a key
}

type generation struct {
	first      int64 // id of the first row with a key in it
	born, last int64 // Unix seconds of its first and last row
	mark       uint16
	keys       table
}

func newKeys(most int, window time.Duration) keys {
	return keys{
		hasher: hasher{maphash.MakeSeed()},
		max:    max(most, 0), window: int64(window / time.Second), next: 1,
		marks: make([]uint16, marksLeast),
	}
}

// has asks the marks first: most keys are new, and looking for one in every
// generation takes as many cache misses.
func (ks *keys) has(k Key) bool { return ks.hashed(k, ks.hash(k)) }

func (ks *keys) hashed(k Key, hash uint64) bool {
	mark := *ks.marksOf(hash)
	for i := len(ks.gens) - 1; i >= 0 && mark != 0; i-- {
		if mark&ks.gens[i].mark != 0 && ks.gens[i].keys.has(k, hash) {
			return true
		}
	}
	return false
}

// same returns the newest key that has the same first half.
func (ks *keys) same(k Key) (Key, bool) {
	hash := ks.hash(k)
	mark := *ks.marksOf(hash)
	for i := len(ks.gens) - 1; i >= 0 && mark != 0; i-- {
		if mark&ks.gens[i].mark != 0 {
			if known, ok := ks.gens[i].keys.same(k, hash); ok {
				return known, true
			}
		}
	}
	return Key{}, false
}

func (ks *keys) marksOf(hash uint64) *uint16 { return &ks.marks[hash&uint64(len(ks.marks)-1)] }

// markMore makes room for more marks when there are more keys.
func (ks *keys) markMore() {
	if 2*ks.total < len(ks.marks) || len(ks.marks) >= marksMost {
		return
	}
	ks.marks = make([]uint16, 2*len(ks.marks))
	for _, g := range ks.gens {
		g.keys.each(func(k Key) { *ks.marksOf(ks.hash(k)) |= g.mark })
	}
}

// add remembers a row's keys, and forgets the oldest generations to keep within
// max.
func (ks *keys) add(r keyRow) {
	if len(r.keys) == 0 {
		return
	}
	ks.next = max(ks.next, r.id+1)
	if ks.max == 0 {
		return
	}
	ks.forget(r.time)
	for _, k := range r.keys {
		hash := ks.hash(k)
		if ks.hashed(k, hash) {
			continue
		}
		for ks.total >= ks.max {
			ks.evicted += uint64(ks.gens[0].keys.len)
			ks.drop()
		}
		ks.markMore()
		g := ks.current(r)
		g.keys.add(k, hash, ks.hash)
		*ks.marksOf(hash) |= g.mark
		g.last = max(g.last, r.time)
		ks.total++
	}
}

// current returns the generation that takes the keys of r.
func (ks *keys) current(r keyRow) *generation {
	n := len(ks.gens)
	if n > 0 {
		g := &ks.gens[n-1]
		full := g.keys.len >= ks.part()
		old := ks.window > 0 && r.time-g.born > ks.window/ages
		if !full && !old || n == 16 {
			return g
		}
	}
	used := uint16(0)
	for _, g := range ks.gens {
		used |= g.mark
	}
	ks.gens = append(ks.gens, generation{first: r.id, born: r.time, last: r.time, mark: ^used & (used + 1), keys: table{most: ks.part()}})
	return &ks.gens[n]
}

// part is how many keys a generation takes at most.
func (ks *keys) part() int { return (ks.max-1)/parts + 1 }

func (ks *keys) expired(g generation, now int64) bool {
	return ks.window > 0 && now-g.last > ks.window
}

func (ks *keys) drop() {
	g := ks.gens[0]
	ks.total -= g.keys.len
	for i := range ks.marks {
		ks.marks[i] &^= g.mark
	}
	ks.gens[0] = generation{}
	ks.gens = ks.gens[1:]
}

// first is the id of the oldest row that is still needed.
func (ks *keys) first() int64 {
	if len(ks.gens) == 0 {
		return ks.next
	}
	return ks.gens[0].first
}

// firstAt is first once the generations that have expired by now are gone.
func (ks *keys) firstAt(now int64) int64 {
	for _, g := range ks.gens {
		if !ks.expired(g, now) {
			return g.first
		}
	}
	return ks.next
}

// oldest is when a key that is still remembered was confirmed at the earliest, in
// Unix seconds. Keys of schema 1 are never remembered for longer than listings go
// back, window or not.
func (ks *keys) oldest(now time.Time) int64 {
	window := int64(listed / time.Second)
	if ks.window > 0 {
		window = min(window, ks.window)
	}
	return now.Unix() - window
}

// forget drops the generations that have expired.
func (ks *keys) forget(now int64) {
	for len(ks.gens) > 0 && ks.expired(ks.gens[0], now) {
		ks.drop()
	}
}
