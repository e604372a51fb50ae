package ledger

import "time"

// generations is the number of parts that DedupMax and DedupWindow are cut in:
// the oldest part is forgotten whole.
const generations = 8

// keyRow is what one transaction adds: rows have rising ids.
type keyRow struct {
	id   int64
	time int64 // Unix seconds
	keys []Key
}

// keys holds record keys by age. Whole generations are dropped, because a map
// never gives memory back.
type keys struct {
	max     int   // keys
	window  int64 // seconds; 0: unlimited
	next    int64 // id of the next row
	total   int
	evicted uint64
	gens    []generation // oldest first
}

type generation struct {
	first      int64 // id of the first row with a key in it
	born, last int64 // Unix seconds of its first and last row
	keys       map[Key]struct{}
}

func newKeys(most int, window time.Duration) keys {
	return keys{max: max(most, 0), window: int64(window / time.Second), next: 1}
}

func (ks *keys) has(k Key) bool {
	for i := len(ks.gens) - 1; i >= 0; i-- {
		if _, ok := ks.gens[i].keys[k]; ok {
			return true
		}
	}
	return false
}

// add remembers a row's keys, and forgets the oldest generation to keep within
// max.
func (ks *keys) add(r keyRow) {
	if len(r.keys) == 0 {
		return
	}
	ks.next = max(ks.next, r.id+1)
	if ks.max == 0 {
		return
	}
	for _, k := range r.keys {
		if ks.has(k) {
			continue
		}
		for ks.total >= ks.max {
			ks.evict(r.time)
		}
		g := ks.current(r)
		g.keys[k] = struct{}{}
		g.last = max(g.last, r.time)
		ks.total++
	}
}

// current returns the generation that takes the keys of r.
func (ks *keys) current(r keyRow) *generation {
	n := len(ks.gens)
	if n > 0 {
		g := &ks.gens[n-1]
		full := len(g.keys) >= (ks.max+generations-1)/generations
		old := ks.window > 0 && r.time-g.born > ks.window/generations
		if !full && !old {
			return g
		}
	}
	ks.gens = append(ks.gens, generation{first: r.id, born: r.time, last: r.time, keys: make(map[Key]struct{})})
	return &ks.gens[n]
}

func (ks *keys) evict(now int64) {
	if g := ks.gens[0]; !ks.expired(g, now) {
		ks.evicted += uint64(len(g.keys))
	}
	ks.drop()
}

func (ks *keys) expired(g generation, now int64) bool {
	return ks.window > 0 && now-g.last > ks.window
}

func (ks *keys) drop() {
	ks.total -= len(ks.gens[0].keys)
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

// forget drops the generations that have expired.
func (ks *keys) forget(now int64) {
	for len(ks.gens) > 0 && ks.expired(ks.gens[0], now) {
		ks.drop()
	}
}
