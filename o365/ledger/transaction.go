package ledger

import (
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// transaction is a change of the state that a [store] makes durable as a whole.
// Times are in whole seconds, UTC.
type transaction struct {
	blobs   []blob                          // added, or replaced by their key
	keyRows []keyRow                        // appended: their ids are higher than all before
	since   map[source.Stream]time.Time     // set
	spans   map[source.Stream][]source.Span // replaced, per stream; sorted and disjoint
	removed []Gap                           // gaps that are removed, before others are appended
	gaps    []Gap                           // appended

	// What a store may delete, now or later. It does not change what the ledger
	// answers.
	keyRowsFrom int64     // key rows with lower ids
	expiredAt   time.Time // blobs whose keepUntil is earlier; zero: neither blobs nor gaps
	gapsFrom    time.Time // gaps that were found earlier
}

// maxRowKeys is how many keys a row has at most. They take 16 MiB; a row of a
// SQLite store may have maxRowBytes.
const maxRowKeys = 1 << 20

// keyRow is a number of record keys that were acknowledged together.
type keyRow struct {
	id   int64 // at least 1
	time int64 // Unix seconds
	keys []Key
	old  bool // the keys were made of those of schema 1
}

// empty reports whether a transaction changes nothing.
func (tx transaction) empty() bool {
	return len(tx.blobs) == 0 && len(tx.keyRows) == 0 && len(tx.since) == 0 && len(tx.spans) == 0 && len(tx.removed) == 0 && len(tx.gaps) == 0 && tx.expiredAt.IsZero()
}

// splitKeys cuts keys into rows of at most limit keys; the first one gets the id
// first.
func splitKeys(keys []Key, first, seconds int64, limit int) (rows []keyRow) {
	for keys := range slices.Chunk(keys, limit) {
		rows = append(rows, keyRow{id: first + int64(len(rows)), time: seconds, keys: keys})
	}
	return rows
}

// deliver returns the transaction that acknowledges deliveries. What is known
// already is not in it.
func (s *state) deliver(ds []Delivery, now time.Time) transaction {
	tx := transaction{keyRowsFrom: s.keys.first()}
	total := 0
	for _, d := range ds {
		total += len(d.Keys)
	}
	keys := make([]Key, 0, total)
	at := make(map[Key]int, len(ds)) // place in tx.blobs
	for _, d := range ds {
		keys = s.keys.appendNew(keys, d.Keys)
		b := blob{stream: d.Stream, id: d.Blob, key: blobKey(d.Stream, d.Blob), created: d.Created.Unix()}
		if i, ok := at[b.key]; ok {
			tx.blobs[i].grow(d)
			continue
		}
		stored, ok := s.blobs.get(b.key)
		if b.entry = stored; !ok {
			b.keepUntil = s.retention.blobExpiry(d, now)
		}
		if b.grow(d); ok && b.entry == stored {
			continue
		}
		at[b.key] = len(tx.blobs)
		tx.blobs = append(tx.blobs, b)
	}
	tx.keyRows = splitKeys(keys, s.keys.next, now.Unix(), maxRowKeys)
	return tx
}

// complete returns the transaction that adds completed spans to a stream.
func (s *state) complete(st source.Stream, spans []source.Span, now time.Time) transaction {
	merged := mergeSpans(slices.Concat(s.spans[st], spans), s.retention.spansFrom(st, now))
	if slices.Equal(merged, s.spans[st]) {
		return transaction{}
	}
	return transaction{spans: map[source.Stream][]source.Span{st: merged}}
}

// retract returns the transaction that takes back completed spans after a moment.
func (s *state) retract(st source.Stream, after time.Time) transaction {
	kept := Before(s.spans[st], after)
	if slices.Equal(kept, s.spans[st]) {
		return transaction{}
	}
	return transaction{spans: map[source.Stream][]source.Span{st: kept}}
}

// addGap returns the transaction that adds a gap, if it is not known.
func (s *state) addGap(g Gap) transaction {
	g.Span, g.Found = whole(g.Span), g.Found.UTC().Truncate(time.Second)
	if slices.ContainsFunc(s.gaps[g.Stream], g.same) {
		return transaction{}
	}
	return transaction{gaps: []Gap{g}}
}

// removeGaps returns the transaction that removes gaps, of which some may not be
// known.
func (s *state) removeGaps(gaps []Gap) transaction {
	var tx transaction
	for _, g := range gaps {
		for _, stored := range s.gaps[g.Stream] {
			if stored.same(g) {
				tx.removed = append(tx.removed, stored)
			}
		}
	}
	return tx
}

// prune returns the transaction that drops what has expired at now.
func (s *state) prune(now time.Time) transaction {
	tx := transaction{
		keyRowsFrom: s.keys.firstAt(now.Unix()), expiredAt: now, gapsFrom: s.retention.gapsFrom(now),
		spans: make(map[source.Stream][]source.Span),
	}
	for st, spans := range s.spans {
		from := s.retention.spansFrom(st, now)
		kept := slices.DeleteFunc(slices.Clone(spans), func(sp source.Span) bool { return !sp.To.After(from) })
		if len(kept) < len(spans) {
			tx.spans[st] = kept
		}
	}
	return tx
}
