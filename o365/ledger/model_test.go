package ledger

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// model is the ledger as its documentation describes it, without any bound on
// what it remembers: check knows which answers the bounds leave open.
type model struct {
	opt     Options
	now     time.Time
	blobs   map[string]modelBlob
	claimed map[Key]bool
	keys    []modelKey     // confirmed, oldest first; as they came, not as Claim gave them
	came    map[Key]Key    // what Claim was asked, by what it gave
	slots   map[int64]bool // complete, in units of slot
	gaps    []Gap
}

type modelBlob struct {
	Progress
	until time.Time
}

type modelKey struct {
	Key
	at time.Time
}

const slot = 10 * time.Minute

func (m *model) confirm(ds []Delivery) {
	for _, d := range ds {
		b, ok := m.blobs[d.Blob]
		if !ok {
			b.until = d.Created.Add(8 * 24 * time.Hour)
			if e := d.Expires.Add(24 * time.Hour); e.After(b.until) {
				b.until = e
			}
		}
		b.Records = max(b.Records, d.Through)
		b.Done = b.Done || d.Done
		m.blobs[d.Blob] = b
		for _, k := range d.Keys {
			k = m.came[k]
			delete(m.claimed, k)
			m.keys = append(m.keys, modelKey{k, m.now})
		}
	}
}

// want returns whether the key must be remembered, and whether it may be; last is
// its place in m.keys, or -1.
func (m *model) want(k Key, last int, pruned time.Time) (must, may bool) {
	if m.claimed[k] {
		return true, true
	}
	if last < 0 {
		return false, false
	}
	window, confirmed, newer := m.opt.DedupWindow, m.keys[last].at, len(m.keys)-1-last
	must = newer < m.opt.DedupMax*7/8-1 && m.now.Sub(confirmed) <= window
	may = newer < m.opt.DedupMax && pruned.Sub(confirmed) <= window+window/5+time.Second
	return must, may
}

func (m *model) check(t *testing.T, l *Ledger, pruned time.Time) {
	t.Helper()
	for id, b := range m.blobs {
		if got := l.Progress(exchange, id); got != b.Progress && (got != Progress{} || b.until.After(pruned)) {
			t.Fatalf("blob %s: %v instead of %v", id, got, b.Progress)
		}
	}
	last := make(map[Key]int)
	for i, k := range m.keys {
		last[k.Key] = i + 1
	}
	for n := range 1000 {
		k := modelKeyOf(n)
		must, may := m.want(k, last[k]-1, pruned)
		as, verdict := claimOne(l, k)
		fresh := verdict != Known
		if fresh {
			l.Release([]Key{as})
		}
		if fresh && must || !fresh && !may {
			t.Fatalf("key %d: verdict %v, but must be known %v, may be known %v", n, verdict, must, may)
		}
		others := false
		for i := range modelContents {
			o := modelKeyOf(n - n%modelContents + i)
			if o != k {
				_, may := m.want(o, last[o]-1, pruned)
				others = others || may
			}
		}
		if verdict == Changed && !others {
			t.Fatalf("key %d: another content is known, but none may be", n)
		}
	}
	spans := l.Completed(exchange)
	for i := 1; i < len(spans); i++ {
		if !spans[i-1].To.Before(spans[i].From) {
			t.Fatalf("not merged: %v", spans)
		}
	}
	for s := m.now.Add(-10 * 24 * time.Hour).Truncate(slot); s.Before(m.now); s = s.Add(slot) {
		in := slices.ContainsFunc(spans, func(sp source.Span) bool { return !s.Before(sp.From) && s.Before(sp.To) })
		want := m.slots[s.Unix()]
		if in && !want || want && !in && s.After(m.now.Add(-8*24*time.Hour)) {
			t.Fatalf("slot %v complete: %v in %v", s, in, spans)
		}
	}
	var gaps []Gap
	for _, g := range m.gaps {
		if !g.Found.Before(pruned.Add(-minGapRetention)) {
			gaps = append(gaps, g)
		}
	}
	if got := l.Gaps(exchange); !slices.Equal(got, gaps) {
		t.Fatalf("gaps %v\ninstead of %v", got, gaps)
	}
}

// modelContents is how many contents of each record there are.
const modelContents = 4

// modelKeyOf returns the key of a record of one of two tenants, with one of its
// contents.
func modelKeyOf(n int) (k Key) {
	record, content := n/modelContents, n%modelContents
	return Key{byte(record / 2), byte(record >> 9), 7, byte(record % 2), 8: byte(content)}
}

// balky refuses every third change or so, before the store behind it sees it.
type balky struct {
	store
	random *rand.Rand
}

var errBalky = errors.New("no space left")

func (b balky) commit(tx transaction) error {
	if b.random.IntN(3) == 0 {
		return errBalky
	}
	return b.store.commit(tx)
}

func TestModel(t *testing.T) {
	for seed := range uint64(6) {
		for name, newPlace := range storePlaces {
			t.Run(fmt.Sprint(name, seed), func(t *testing.T) {
				t.Parallel()
				runModel(t, newPlace(t), rand.New(rand.NewPCG(seed, 0)))
			})
		}
	}
}

func runModel(t *testing.T, place storePlace, random *rand.Rand) {
	m := &model{now: start, blobs: make(map[string]modelBlob), claimed: make(map[Key]bool), came: make(map[Key]Key), slots: make(map[int64]bool)}
	m.opt = Options{
		Retention:   sevenDays,
		DedupMax:    []int{1, 7, 8, 100, 1000}[random.IntN(5)],
		DedupWindow: time.Duration(1+random.IntN(7)) * 24 * time.Hour,
		Now:         func() time.Time { return m.now },
	}
	var l *Ledger
	var pruned time.Time
	reopen := func() {
		if l != nil {
			l.Close()
		}
		var err error
		if l, err = openStore(place.store(t), m.opt); err != nil {
			t.Fatal(err)
		}
		l.store = balky{l.store, random}
		clear(m.claimed)
	}
	reopen()
	defer func() { l.Close() }()

	// change applies what must be an all-or-nothing step to both.
	change := func(do func() error, then func()) {
		for {
			err := do()
			if err == nil {
				then()
				return
			}
			if !errors.Is(err, errBalky) {
				t.Fatal(err)
			}
			m.check(t, l, pruned)
		}
	}
	when := func() time.Time { return m.now.Add(-time.Duration(random.IntN(7*24)) * time.Hour) }
	for range 150 {
		switch random.IntN(10) {
		case 0:
			m.now = m.now.Add(time.Duration(random.IntN(36*3600)) * time.Second)
		case 1:
			if place.durable() {
				reopen()
			}
		case 2:
			change(func() error { return l.Prune(m.now) }, func() { pruned = m.now })
		case 3:
			from := when().Truncate(slot)
			to := from.Add(time.Duration(random.IntN(30)) * slot)
			change(func() error {
				return l.Complete(exchange, source.Span{From: from, To: to}, source.Span{From: to, To: from})
			}, func() {
				for ; from.Before(to); from = from.Add(slot) {
					m.slots[from.Unix()] = true
				}
			})
		case 4:
			if len(m.gaps) > 0 && random.IntN(3) == 0 {
				i := random.IntN(len(m.gaps))
				gone := m.gaps[i]
				change(func() error { return l.RemoveGaps(gone, Gap{Stream: dlp, Span: gone.Span}) }, func() { m.gaps = slices.Delete(m.gaps, i, i+1) })
				break
			}
			g := Gap{exchange, source.Span{From: when(), To: m.now}, fmt.Sprint("reason ", random.IntN(100)), m.now}
			change(func() error { return errors.Join(l.AddGap(g)) }, func() {
				if !slices.ContainsFunc(m.gaps, func(o Gap) bool { return o.Span == g.Span && o.Reason == g.Reason }) {
					m.gaps = append(m.gaps, g)
				}
			})
		default:
			var ds []Delivery
			for range 1 + random.IntN(3) {
				d := Delivery{Stream: exchange, Blob: fmt.Sprint("blob ", random.IntN(300)), Created: when(),
					Through: random.IntN(20), Done: random.IntN(2) == 0}
				if b, ok := m.blobs[d.Blob]; ok && b.until.Before(m.now) {
					continue // nobody asks for it any more
				}
				if random.IntN(2) == 0 {
					d.Expires = d.Created.Add(time.Duration(random.IntN(9*24)) * time.Hour)
				}
				for range random.IntN(10) {
					k := modelKeyOf(random.IntN(1000))
					if as, verdict := claimOne(l, k); verdict != Known {
						m.claimed[k], m.came[as] = true, k
						d.Keys = append(d.Keys, as)
					}
				}
				if random.IntN(4) == 0 { // a download that broke off
					l.Release(d.Keys)
					for _, k := range d.Keys {
						delete(m.claimed, m.came[k])
					}
					d.Keys = nil
				}
				ds = append(ds, d)
			}
			change(func() error { return l.Confirm(ds) }, func() { m.confirm(ds) })
			if m.opt.DedupMax >= 100 && random.IntN(4) == 0 { // fewer would not remember all keys of ds
				change(func() error { return l.Confirm(ds) }, func() {})
			}
		}
		m.check(t, l, pruned)
	}
}
