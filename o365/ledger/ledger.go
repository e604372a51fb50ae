// Package ledger remembers what has been confirmed, so that nothing is lost
// and nothing is handed over twice: content blobs until they expire, the keys
// of their records for a while, the spans of time that are complete, and the
// gaps that cannot be filled any more.
//
// Everything that is asked often is answered from memory; a store keeps the
// same in a file. Each call that changes something is one durable transaction:
// it is stored whole and memory follows, or it is an error and neither moves.
//
// # The file
//
// The store is one SQLite file (see store_sqlite_schema1.sql), which sqlite3 reads while it
// is in use: SELECT * FROM delivered, complete or missing. Beside it are FILE.lock,
// which says who has it, and SQLite's FILE-journal.
//
// SQLite in pure Go rather than bbolt: with 1,024 ways of damaging a file bbolt's
// mapped memory ended the process in 67 cases, SQLite answered all with errors.
// With 5 million record keys, 700,000 blobs and a sync for every 300 keys, on two
// cores: 250,000 keys/s (bbolt 440,000), 187 MB (218), 12 MB resident (80), read
// in 3.7 s (2.3), 4.4 MB in the shared object (0.3). Either is far faster than
// the service delivers.
//
// A record key takes 26 bytes of memory at 1 million, its share of a blob
// included; Claim takes 0.3 µs, Progress 0.7 µs.
package ledger

import (
	"errors"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// ErrClosed is returned by every change after Close.
var ErrClosed = errors.New("ledger is closed")

// Progress says how much of a blob has been confirmed.
type Progress struct {
	Records int  // elements of the blob, counted from its start, that need not be handed over again
	Done    bool // the whole blob
}

// Delivery is what one confirmed batch holds of one blob.
type Delivery struct {
	Stream  source.Stream
	Blob    string    // contentId
	Created time.Time // contentCreated
	Expires time.Time // contentExpiration
	Keys    []Key     // of the records confirmed, as Claim gave them; empty when dedup is off
	Through int       // elements confirmed so far, counted from the blob's start
	Done    bool      // the whole blob is confirmed
}

// Gap is a span of contentCreated time of which something cannot be had any
// more.
type Gap struct {
	Stream source.Stream
	Span   source.Span
	Reason string
	Found  time.Time
}

// Options bound what is remembered.
type Options struct {
	DedupWindow time.Duration    // record keys are forgotten after it; 0: only DedupMax bounds them
	DedupMax    int              // record keys remembered at most; 0: none, every Claim is then New
	Log         health.Log       // told when a damaged file is set aside
	Now         func() time.Time // nil: time.Now

	readTime time.Duration // that opening may take; 0: by the size of the file
}

// Ledger is safe for concurrent use.
type Ledger struct {
	now func() time.Time

	// changing is held by the one change that is under way, store included.
	// Only its holder writes to state, so it may read there without mu.
	changing sync.Mutex
	store    store

	mu      sync.Mutex // never held over I/O
	state   state
	claimed claims // not confirmed yet
}

// Open opens the ledger in the file at path, or in memory when path is "".
//
// It fails with ErrLocked when somebody else has the file, and when the file
// cannot be used; the error says what to do. A damaged file is kept as
// path + ".corrupt-<UTC time>", with one line to opt.Log, and a new one begun.
func Open(path string, opt Options) (*Ledger, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	l := &Ledger{now: opt.Now, store: memory{}, state: newState(opt), claimed: newClaims()}
	if path == "" {
		return l, nil
	}
	f, known, err := openFile(path, opt)
	if err != nil {
		return nil, err
	}
	l.store, l.state = f, known
	return l, nil
}

// Progress reports what has been confirmed of a blob.
func (l *Ledger) Progress(s source.Stream, contentID string) Progress {
	k := blobKey(s, contentID)
	l.mu.Lock()
	defer l.mu.Unlock()
	e, _ := l.state.blobs.get(k)
	return e.progress()
}

// Claim says what is known of a record. Unless it is Known, the record is
// remembered in memory from now on, by the key that Claim returns: Confirm makes
// that last, Release undoes it.
func (l *Ledger) Claim(k Key) (Key, Verdict) {
	if l.state.keys.max == 0 {
		return k, New
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	k, verdict := l.judge(k.first())
	if verdict != Known {
		l.claimed.add(k)
	}
	return k, verdict
}

// judge says what is known of a record, and the key to remember it by. The caller
// holds mu.
func (l *Ledger) judge(first Key) (Key, Verdict) {
	have, taken := l.find(first)
	if taken && have == first {
		return first, Known
	}
	further := first.further()
	if taken || l.claimed.further+l.state.keys.further > 0 { // the first content may be forgotten already
		if have, ok := l.find(further); ok && have == further {
			return further, Known
		}
	}
	if taken {
		return further, Changed
	}
	return first, New
}

// find returns the key with the id of k.
func (l *Ledger) find(k Key) (Key, bool) {
	if have, ok := l.claimed.get(k); ok {
		return have, true
	}
	return l.state.keys.get(k)
}

// HasOldKeys reports whether keys of schema 1 are remembered: until all are
// older than DedupWindow.
func (l *Ledger) HasOldKeys() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.keys.old > 0
}

// KnowsOldKey reports whether a key of schema 1 is remembered.
func (l *Ledger) KnowsOldKey(k Key) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.keys.has(fromSchema1(k))
}

// Release forgets keys that were claimed but will not be delivered. Confirmed
// keys stay.
func (l *Ledger) Release(keys []Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		l.claimed.remove(k)
	}
}

// Confirm stores deliveries in one durable transaction. After an error nothing
// of it is stored, claimed keys stay claimed, and it can be repeated; repeating
// one that was stored changes nothing.
func (l *Ledger) Confirm(ds []Delivery) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	c := l.state.deliver(ds, l.now())
	if err := l.commit(c); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range ds {
		for _, k := range d.Keys {
			l.claimed.remove(k)
		}
	}
	return nil
}

// Since returns from when on a stream is collected, in whole seconds: first,
// when it is asked for the first time, and the same ever after.
func (l *Ledger) Since(s source.Stream, first time.Time) (time.Time, error) {
	l.changing.Lock()
	defer l.changing.Unlock()
	if since, ok := l.state.since[s]; ok {
		return since, nil
	}
	first = first.UTC().Truncate(time.Second)
	return first, l.commit(change{since: map[source.Stream]time.Time{s: first}})
}

// Complete adds spans in which every listed blob has been delivered.
func (l *Ledger) Complete(s source.Stream, spans ...source.Span) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.commit(l.state.complete(s, spans, l.now()))
}

// Retract takes back what was completed after a moment: it has not come yet, and
// was claimed by a clock that was wrong.
func (l *Ledger) Retract(s source.Stream, after time.Time) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.commit(l.state.retract(s, after))
}

// Completed returns the merged spans of a stream, oldest first. Only the last
// 8 days are kept.
func (l *Ledger) Completed(s source.Stream) []source.Span {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]source.Span(nil), l.state.spans[s]...)
}

// Through returns up to when the stream is complete at now: all that is listed
// before is delivered or a known gap. It is zero for a stream that Since was
// never asked for. What the service does not keep any more is not looked at.
func (l *Ledger) Through(s source.Stream, now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	from, ok := l.state.since[s]
	if !ok {
		return time.Time{}
	}
	if kept := now.Add(edge - listed).UTC().Truncate(time.Second); from.Before(kept) {
		from = kept
	}
	spans := append([]source.Span(nil), l.state.spans[s]...)
	for _, g := range l.state.gaps[s] {
		spans = append(spans, g.Span)
	}
	if merged := mergeSpans(spans, from); len(merged) > 0 && !merged[0].From.After(from) {
		return merged[0].To
	}
	return from
}

// AddGap remembers a gap for 90 days. The same gap found again is no news.
func (l *Ledger) AddGap(g Gap) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.commit(l.state.addGap(g))
}

// Gaps returns the gaps of a stream, in the order they were found.
func (l *Ledger) Gaps(s source.Stream) []Gap {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Gap(nil), l.state.gaps[s]...)
}

// Evicted counts the record keys that were forgotten because of DedupMax since
// Open.
func (l *Ledger) Evicted() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.keys.evicted
}

// Prune forgets what is too old to be asked for. It does a bounded amount of
// work, so it is to be called every few minutes.
func (l *Ledger) Prune(now time.Time) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.commit(l.state.prune(now))
}

// Close lets go of the file. Questions are still answered, changes are not.
func (l *Ledger) Close() error {
	l.changing.Lock()
	defer l.changing.Unlock()
	s := l.store
	l.store = closed{}
	return s.close()
}

// commit stores c, then shows it in memory. The caller holds changing.
func (l *Ledger) commit(c change) error {
	if err := l.store.commit(c); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.apply(c)
	return nil
}
