package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// background is the context of every call while the file is in use: one that
// could be cancelled costs a goroutine each time.
var background = context.Background()

// sqliteStore is the [store] in one SQLite file. A lock file beside it gives it one
// owner at a time, so load alone returns ErrLocked; the kernel unlocks it when the
// process ends. Only a statement that another program's transaction holds up is
// repeated, for half a second.
type sqliteStore struct {
	name string // of the file, as the user wrote it
	path string // of the file, without links; set with lock
	log  logging.Logger
	now  func() time.Time

	lock      *os.File        // nil: the place is not owned
	ctx       context.Context // of all calls: has an end while the file is opened
	timeLimit time.Duration   // of opening; 0: by the size of the file

	db      *sql.DB // nil after an error, and opened again
	conn    *sql.Conn
	stmts   map[string]*sql.Stmt
	streams map[source.Stream]int64

	hasBegun   bool // the file has been opened or made: it must be found again
	isSetAside bool // a damaged one was renamed already

	// since survives a damaged file as far as it could be read: everything else
	// that is forgotten is delivered again, but with a short lookback nobody would
	// list what is older.
	since map[source.Stream]time.Time
}

// newSQLiteStore returns the store in the file at path. Nothing is opened yet.
func newSQLiteStore(path string, opt Options) *sqliteStore {
	return &sqliteStore{
		name: path, log: opt.Log, now: opt.Now, ctx: background, timeLimit: opt.openTimeLimit,
		since: make(map[source.Stream]time.Time),
	}
}

func (s *sqliteStore) load(opt Options, retention retentions) (state, error) {
	st, err := s.lockAndRead(opt, retention)
	if err != nil {
		s.close()
		return state{}, fmt.Errorf("db %q: %w", s.name, err)
	}
	return st, nil
}

func (s *sqliteStore) lockAndRead(opt Options, retention retentions) (state, error) {
	if s.lock == nil {
		var err error
		if s.path, err = resolvePath(s.name); err != nil {
			return state{}, err
		}
		if s.lock, err = acquire(s.path + ".lock"); err != nil {
			return state{}, denied(err)
		}
	}
	st, err := s.readAll(opt, retention)
	if isDamage(err) || isForeignTable(err) {
		if err = s.setAside(err); err == nil {
			st, err = s.readAll(opt, retention)
		}
	}
	return st, err
}

// commit is one transaction of SQLite. After an error the connection is dropped:
// that rolls back, whatever state it was in.
func (s *sqliteStore) commit(tx transaction) error {
	if tx.empty() {
		return nil
	}
	err := s.write(tx)
	if err != nil {
		s.disconnect()
	}
	if isDamage(err) {
		if err = s.setAside(err); err == nil {
			err = s.write(tx)
		}
	}
	if err != nil {
		return fmt.Errorf("db %q: %w", s.path, err)
	}
	return nil
}

func (s *sqliteStore) close() error {
	err := s.disconnect()
	if s.lock != nil {
		err = errors.Join(err, release(s.lock))
		s.lock = nil
	}
	return err
}
