// Package ledger keeps what has been delivered, so that nothing is lost and
// nothing is delivered again: progress in content blobs until they expire, the
// keys of their records for a while, the spans of time that are complete, and the
// gaps that cannot be filled any more.
//
// Every question is answered from memory. Every change is one durable transaction
// of a store, whose contract is in store.go: it is stored whole and memory follows,
// or it is an error and neither moves.
//
// # The state file
//
// The only durable store is one SQLite file (see store_sqlite_schema1.sql), which
// sqlite3 reads while it is in use: SELECT * FROM delivered, complete or missing.
// Beside it are FILE.lock, which names the owner, and SQLite's FILE-journal.
//
// SQLite in pure Go rather than bbolt: with 1,024 ways of damaging a file bbolt's
// mapped memory ended the process in 67 cases, SQLite answered all with errors.
// With 5 million record keys, 700,000 blobs and a sync for every 300 keys, on two
// cores: 250,000 keys/s (bbolt 440,000), 187 MB (218), 12 MB resident (80), read
// in 3.7 s (2.3), 4.4 MB in the shared object (0.3). Either is far faster than
// the service delivers.
//
// A record key takes 26 bytes of memory at 1 million, its share of a blob
// included. In memory, Claim takes 0.06 µs of a record and Confirm 0.08 (BenchmarkRecords);
// Progress takes 0.7 µs (BenchmarkClaim).
package ledger

import (
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Options bound what is kept.
type Options struct {
	// Retention is how long the source keeps content of each content type, from
	// contentCreated on, as source.Limits has it. All of them are positive. What
	// is known of a content type that is not among them is kept for the longest.
	Retention map[string]time.Duration
	// DedupWindow is how long record keys are kept after their delivery, in whole
	// seconds; they are forgotten within a fifth of it more. 0: only DedupMax
	// bounds them.
	DedupWindow time.Duration
	// DedupMax is how many record keys are kept at most; beyond it the oldest
	// ninth is forgotten. 0: none, and every Claim is then New.
	DedupMax int
	// Log takes a line when a damaged state file is set aside.
	Log logging.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time

	openTimeLimit time.Duration // 0: by the size of the file
}

// Delivery is what one acknowledged batch holds of one blob.
type Delivery struct {
	Stream  source.Stream
	Blob    string    // contentId
	Created time.Time // contentCreated; zero if the source left it out
	Expires time.Time // contentExpiration; zero if the source left it out
	Keys    []Key     // of the acknowledged records, as Claim returned them; empty when dedup is off
	Through int       // elements acknowledged so far, counted from the blob's start
	Done    bool      // the whole blob is acknowledged
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
	claimed claims // not acknowledged yet
}

// Open opens the ledger in the file at path, or in memory when path is "".
//
// It fails with ErrLocked when another owner has the file, and when the file
// cannot be used; the error ends with what to do. A damaged file is kept as
// path + ".corrupt-<UTC time>", with one line to opt.Log, and a new one begun.
func Open(path string, opt Options) (*Ledger, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if path == "" {
		return openStore(memoryStore{}, opt)
	}
	return openStore(newSQLiteStore(path, opt), opt)
}

func openStore(s store, opt Options) (*Ledger, error) {
	retention, err := newRetentions(opt.Retention)
	if err != nil {
		return nil, err
	}
	loaded, err := s.load(opt, retention)
	if err != nil {
		return nil, err
	}
	loaded.keys.evicted = 0 // counts from here on
	return &Ledger{now: opt.Now, store: s, state: loaded, claimed: newClaims(loaded.keys.hasher)}, nil
}

// Progress returns how much of a blob has been acknowledged: nothing of one that
// is not known or has expired. contentID is the blob's contentId.
func (l *Ledger) Progress(s source.Stream, contentID string) Progress {
	k := blobKey(s, contentID)
	l.mu.Lock()
	defer l.mu.Unlock()
	e, _ := l.state.blobs.get(k)
	return e.progress()
}

// Confirm stores acknowledged deliveries in one durable transaction. After an error
// nothing of it is stored, claimed keys stay claimed, and it can be repeated;
// repeating one that was stored changes nothing.
func (l *Ledger) Confirm(ds []Delivery) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	tx := l.state.deliver(ds, l.now())
	if err := l.commit(tx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range ds {
		l.claimed.remove(d.Keys)
	}
	return nil
}

// Prune forgets what has expired at now. It does a bounded amount of work, so it
// is to be called every few minutes.
func (l *Ledger) Prune(now time.Time) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.commit(l.state.prune(now))
}

// Close gives up the state file. Questions are still answered, changes fail with
// ErrClosed. A second Close does nothing.
func (l *Ledger) Close() error {
	l.changing.Lock()
	defer l.changing.Unlock()
	s := l.store
	l.store = closedStore{}
	return s.close()
}

// commit stores a transaction, then applies it in memory. The caller holds
// changing.
func (l *Ledger) commit(tx transaction) error {
	if err := l.store.commit(tx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.apply(tx)
	return nil
}
