package ledger

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
)

// storePlace is where the stores of one test keep a state.
type storePlace interface {
	// store returns another store over the place.
	store(t *testing.T) store
	// crash ends a store as a kill of its process does, and returns what is left of
	// the place. If tx is not nil, its commit is under way.
	crash(t *testing.T, s store, tx *transaction) storePlace
	// block makes commits fail as a full disk does, until it is undone.
	block(t *testing.T) (undo func())
	// durable reports whether the place keeps anything.
	durable() bool
}

// storePlaces has a new place of every store. The object is here because the seam
// must suit such a store, for which there is no file lock.
var storePlaces = map[string]func(t *testing.T) storePlace{
	"memory": func(*testing.T) storePlace { return memoryPlace{} },
	"sqlite": func(t *testing.T) storePlace { return sqlitePlace{filepath.Join(scratch(t), "o365?#%20.db")} },
	"object": func(*testing.T) storePlace { return &objectPlace{} },
}

func storeOptions(t *testing.T) Options {
	return Options{
		Retention: sevenDays, DedupMax: 1 << 20, DedupWindow: 7 * 24 * time.Hour, Now: at(start),
		Log: func(_ logging.Level, line string) { t.Errorf("logged: %s", line) },
	}
}

type memoryPlace struct{}

func (memoryPlace) store(*testing.T) store                             { return memoryStore{} }
func (p memoryPlace) crash(*testing.T, store, *transaction) storePlace { return p }
func (memoryPlace) block(t *testing.T) func()                          { t.Skip("memory is never full"); return nil }
func (memoryPlace) durable() bool                                      { return false }

type sqlitePlace struct{ path string }

func (sqlitePlace) durable() bool { return true }

func (p sqlitePlace) store(t *testing.T) store {
	s := newSQLiteStore(p.path, storeOptions(t))
	t.Cleanup(func() { s.close() })
	return s
}

// crash copies what the kernel would have of the files: with a transaction under
// way, pages of it are in the database already, and the old ones in the journal.
func (p sqlitePlace) crash(t *testing.T, s store, tx *transaction) storePlace {
	t.Helper()
	db := s.(*sqliteStore)
	if tx != nil {
		err := errors.Join(db.exec("PRAGMA cache_size = 1"), db.exec("BEGIN IMMEDIATE"), db.addBlobs(*tx), db.addKeys(*tx), db.addGaps(*tx))
		if err != nil {
			t.Fatal(err)
		}
	}
	left := sqlitePlace{filepath.Join(scratch(t), "o365.db")}
	for _, suffix := range []string{"", "-journal"} {
		content, err := os.ReadFile(p.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(left.path+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return left
}

// block reads the file in a transaction that does not end.
func (p sqlitePlace) block(t *testing.T) func() {
	t.Helper()
	name := url.URL{Scheme: "file", Path: p.path}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(background)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.ExecContext(background, "BEGIN")
	var n int
	if err := errors.Join(err, conn.QueryRowContext(background, "SELECT count(*) FROM blobs").Scan(&n)); err != nil {
		t.Fatal(err)
	}
	return func() { errors.Join(conn.Close(), db.Close()) }
}

// objectPlace is an object that is replaced by compare-and-swap of its ETag, as a
// blob of a storage account is. It is not locked: who loads it takes it, and the
// owner before finds out at its next commit.
type objectPlace struct {
	etag int
	log  []transaction
	full bool
}

func (*objectPlace) durable() bool { return true }

func (p *objectPlace) store(*testing.T) store                           { return &objectStore{place: p} }
func (p *objectPlace) crash(*testing.T, store, *transaction) storePlace { return p }

func (p *objectPlace) block(*testing.T) func() {
	p.full = true
	return func() { p.full = false }
}

type objectStore struct {
	place *objectPlace
	etag  int
}

func (s *objectStore) load(opt Options, retention retentions) (state, error) {
	st := newState(opt, retention)
	for _, tx := range s.place.log {
		gaps := tx.gaps
		tx.gaps = nil
		st.apply(tx)
		for _, g := range gaps {
			st.apply(st.addGap(g))
		}
	}
	s.place.etag++
	s.etag = s.place.etag
	return st, nil
}

func (s *objectStore) commit(tx transaction) error {
	switch {
	case tx.empty():
		return nil
	case s.place.full:
		return errors.New("object: the storage account answers 503")
	case s.etag != s.place.etag:
		return fmt.Errorf("object: %w", ErrLocked)
	}
	s.place.etag++
	s.etag = s.place.etag
	s.place.log = append(s.place.log, cloneTransaction(tx))
	return nil
}

func (s *objectStore) close() error { return nil }

func cloneTransaction(tx transaction) transaction {
	tx.blobs, tx.gaps, tx.removed = slices.Clone(tx.blobs), slices.Clone(tx.gaps), slices.Clone(tx.removed)
	tx.keyRows = slices.Clone(tx.keyRows)
	for i := range tx.keyRows {
		tx.keyRows[i].keys = slices.Clone(tx.keyRows[i].keys)
	}
	tx.since, tx.spans = maps.Clone(tx.since), maps.Clone(tx.spans)
	for st := range tx.spans {
		tx.spans[st] = slices.Clone(tx.spans[st])
	}
	return tx
}
