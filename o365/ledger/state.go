package ledger

import (
	"maps"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// How long things are kept beyond what the options say.
const (
	listed    = 7 * 24 * time.Hour  // a blob is listed for 7 days after its creation
	edge      = 5 * time.Minute     // the oldest content expires while it is being listed
	blobGrace = 24 * time.Hour      // clocks differ, and the service is lenient by an hour
	blobMost  = 30 * 24 * time.Hour // whatever contentExpiration says
	spansKept = 8 * 24 * time.Hour
	gapsKept  = 90 * 24 * time.Hour
	gapsMost  = 10000 // per stream
)

// state is what the ledger knows, as memory holds it. Its methods either work
// out a change without making it, or apply one.
type state struct {
	blobs blobs
	keys  keys
	since map[source.Stream]time.Time
	spans map[source.Stream][]source.Span
	gaps  map[source.Stream][]Gap
}

// change is one transaction. Applying it twice is the same as once.
type change struct {
	blobs []blob                          // new or replaced
	keys  keyRow                          // appended, when it has any
	since map[source.Stream]time.Time     // set
	spans map[source.Stream][]source.Span // replaced, per stream
	gaps  []Gap                           // added

	rowsBefore int64     // key rows with lower ids are not needed any more
	prune      time.Time // what is too old then goes; zero: nothing does
}

func (c change) empty() bool {
	return len(c.blobs) == 0 && len(c.keys.keys) == 0 && len(c.since) == 0 && len(c.spans) == 0 && len(c.gaps) == 0 && c.prune.IsZero()
}

// store makes changes last.
type store interface {
	commit(change) error
	close() error
}

// memory is the store of a ledger without a file.
type memory struct{}

func (memory) commit(change) error { return nil }
func (memory) close() error        { return nil }

// closed is the store after Close.
type closed struct{}

func (closed) commit(change) error { return ErrClosed }
func (closed) close() error        { return nil }

func newState(opt Options) state {
	return state{
		keys:  newKeys(opt.DedupMax, opt.DedupWindow),
		since: make(map[source.Stream]time.Time),
		spans: make(map[source.Stream][]source.Span),
		gaps:  make(map[source.Stream][]Gap),
	}
}

func (s *state) deliver(ds []Delivery, now time.Time) change {
	c := change{
		keys:       keyRow{id: s.keys.next, time: now.Unix()},
		rowsBefore: s.keys.first(),
	}
	at := make(map[Key]int, len(ds)) // place in c.blobs
	keys := 0
	for _, d := range ds {
		keys += len(d.Keys)
	}
	c.keys.keys = make([]Key, 0, keys)
	for _, d := range ds {
		for _, k := range d.Keys {
			if s.keys.max > 0 && !s.keys.has(k) {
				c.keys.keys = append(c.keys.keys, k)
			}
		}
		b := blob{stream: d.Stream, id: d.Blob, key: blobKey(d.Stream, d.Blob), created: d.Created.Unix()}
		if i, ok := at[b.key]; ok {
			c.blobs[i].grow(d)
			continue
		}
		known, ok := s.blobs.get(b.key)
		if b.entry = known; !ok {
			b.until = keepUntil(d, now)
		}
		if b.grow(d); ok && b.entry == known {
			continue
		}
		at[b.key] = len(c.blobs)
		c.blobs = append(c.blobs, b)
	}
	return c
}

func (s *state) complete(st source.Stream, spans []source.Span, now time.Time) change {
	merged := mergeSpans(slices.Concat(s.spans[st], spans), now.Add(-spansKept))
	if slices.Equal(merged, s.spans[st]) {
		return change{}
	}
	return change{spans: map[source.Stream][]source.Span{st: merged}}
}

func (s *state) retract(st source.Stream, after time.Time) change {
	kept := Before(s.spans[st], after)
	if slices.Equal(kept, s.spans[st]) {
		return change{}
	}
	return change{spans: map[source.Stream][]source.Span{st: kept}}
}

func (s *state) addGap(g Gap) change {
	g.Span, g.Found = whole(g.Span), g.Found.UTC().Truncate(time.Second)
	for _, have := range s.gaps[g.Stream] {
		if have.Span == g.Span && have.Reason == g.Reason {
			return change{}
		}
	}
	return change{gaps: []Gap{g}}
}

func (s *state) prune(now time.Time) change {
	c := change{rowsBefore: s.keys.firstAt(now.Unix()), prune: now, spans: make(map[source.Stream][]source.Span)}
	for st, spans := range s.spans {
		kept := slices.DeleteFunc(slices.Clone(spans), func(sp source.Span) bool { return !sp.To.After(now.Add(-spansKept)) })
		if len(kept) < len(spans) {
			c.spans[st] = kept
		}
	}
	return c
}

func (s *state) apply(c change) {
	for _, b := range c.blobs {
		s.blobs.set(b.key, b.entry)
	}
	s.keys.add(c.keys)
	maps.Copy(s.since, c.since)
	for st, spans := range c.spans {
		if s.spans[st] = spans; len(spans) == 0 {
			delete(s.spans, st)
		}
	}
	for _, g := range c.gaps {
		gaps := append(s.gaps[g.Stream], g)
		s.gaps[g.Stream] = gaps[max(0, len(gaps)-gapsMost):]
	}
	if c.prune.IsZero() {
		return
	}
	s.blobs.forget(c.prune.Unix())
	s.keys.forget(c.prune.Unix())
	for st, gaps := range s.gaps {
		gaps = slices.DeleteFunc(gaps, func(g Gap) bool { return g.Found.Before(c.prune.Add(-gapsKept)) })
		if s.gaps[st] = gaps; len(gaps) == 0 {
			delete(s.gaps, st)
		}
	}
}
