package ledger

import (
	"maps"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// state is all that the ledger knows, in memory. Only apply changes it.
type state struct {
	retention retentions
	blobs     blobs
	keys      keyGenerations
	since     map[source.Stream]time.Time
	spans     map[source.Stream][]source.Span
	gaps      map[source.Stream][]Gap
}

// newState returns the state of a ledger that knows nothing.
func newState(opt Options, retention retentions) state {
	return state{
		retention: retention,
		keys:      newKeyGenerations(opt.DedupMax, opt.DedupWindow),
		since:     make(map[source.Stream]time.Time),
		spans:     make(map[source.Stream][]source.Span),
		gaps:      make(map[source.Stream][]Gap),
	}
}

// apply makes the changes of a transaction.
func (s *state) apply(tx transaction) {
	for _, b := range tx.blobs {
		s.blobs.set(b.key, b.entry)
	}
	for _, r := range tx.keyRows {
		s.keys.add(r)
	}
	maps.Copy(s.since, tx.since)
	for st, spans := range tx.spans {
		if s.spans[st] = spans; len(spans) == 0 {
			delete(s.spans, st)
		}
	}
	for _, g := range tx.removed {
		gaps := slices.DeleteFunc(slices.Clone(s.gaps[g.Stream]), g.same)
		if s.gaps[g.Stream] = gaps; len(gaps) == 0 {
			delete(s.gaps, g.Stream)
		}
	}
	for _, g := range tx.gaps {
		gaps := append(s.gaps[g.Stream], g)
		s.gaps[g.Stream] = gaps[max(0, len(gaps)-maxGaps):]
	}
	if !tx.expiredAt.IsZero() {
		s.expire(tx)
	}
}

// expire drops what a transaction has expired.
func (s *state) expire(tx transaction) {
	s.blobs.forget(tx.expiredAt.Unix())
	s.keys.forget(tx.expiredAt.Unix())
	for st, gaps := range s.gaps {
		gaps = slices.DeleteFunc(gaps, func(g Gap) bool { return g.Found.Before(tx.gapsFrom) })
		if s.gaps[st] = gaps; len(gaps) == 0 {
			delete(s.gaps, st)
		}
	}
}
