package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

const applicationID = 0x6f333635 // "o365", in the file's header

// How a connection is opened: the file is made by prepare, with its permissions,
// and while it is locked by somebody who reads it with sqlite3, a statement waits
// for half a second.
const connection = "mode=rw&_defensive=1&_error_rc=1&_busy_timeout=500"

// settings of every connection, made within the time that opening may take, as
// some of them read the file:
//
//   - journal_mode PERSIST: a rollback journal. Write-ahead logging needs one
//     sync a transaction instead of five, but keeps its index in shared mapped
//     memory: a read error there is a signal that ends the host process, here
//     it is an error; and it does not work on network shares. PERSIST, as
//     emptying the journal took longer than writing over it.
//   - synchronous FULL: Confirm returns when it is on the disk.
//   - cell_size_check: damage is found when a page is read.
//   - temp_store memory: a container may have no place for temporary files.
const settings = "PRAGMA trusted_schema = off; PRAGMA cell_size_check = on; PRAGMA temp_store = memory;" +
	"PRAGMA journal_mode = persist; PRAGMA synchronous = full;" +
	"PRAGMA journal_size_limit = 1048576; PRAGMA cache_size = -512"

// Bounds of what is read from a file, which somebody else may have made.
const (
	mostRow = 64 << 20 // bytes of a row; one transaction's keys have 16 each
	mostSQL = 64 << 10 // bytes of the statement that made a table
)

// Opening may take readLeast and a second for every readRate bytes. A good disk
// reads them in a tenth of that: 5 million Ids, 186 MB, take 8 s.
const (
	readLeast = time.Minute
	readMost  = time.Hour
	readRate  = 2 << 20
)

// errDamaged says that the file's content cannot be right.
var errDamaged = errors.New("wrong content")

// background is the context of every call: one that could be cancelled costs a
// goroutine each time.
var background = context.Background()

// file is the store in one SQLite file.
type file struct {
	path string
	log  health.Log
	now  func() time.Time
	lock *os.File
	ctx  context.Context // of all calls: has an end while the file is opened
	most time.Duration   // that opening may take

	db      *sql.DB // nil after an error, and opened again
	conn    *sql.Conn
	stmts   map[string]*sql.Stmt
	streams map[source.Stream]int64
	there   bool // the file was there, and is to be there again
	renewed bool // set aside once already

	// since outlives a damaged file as far as it could be read: everything
	// else that is forgotten comes again, but with a short lookback nobody
	// would list what is older.
	since map[source.Stream]time.Time
}

// openFile locks and reads the file at path; what is damaged is set aside.
func openFile(path string, opt Options) (*file, state, error) {
	f, st, err := lockFile(path, opt)
	if err != nil {
		return nil, state{}, fmt.Errorf("db %q: %w", path, err)
	}
	return f, st, nil
}

func lockFile(path string, opt Options) (*file, state, error) {
	path, err := place(path)
	if err != nil {
		return nil, state{}, err
	}
	lock, err := acquire(path + ".lock")
	if err != nil {
		return nil, state{}, denied(err)
	}
	f := &file{path: path, log: opt.Log, now: opt.Now, lock: lock, ctx: background, most: opt.readTime, since: make(map[source.Stream]time.Time)}
	st, err := f.read(opt)
	if damaged(err) || code(err)&0xff == sqlite3.SQLITE_ERROR { // the latter: not our tables
		if err = f.restart(err); err == nil {
			st, err = f.read(opt)
		}
	}
	if err != nil {
		f.close()
		return nil, state{}, err
	}
	return f, st, nil
}

// read opens the file and reads all of it.
func (f *file) read(opt Options) (st state, err error) {
	st = newState(opt)
	err = f.inTime(func() error {
		if err := f.open(); err != nil {
			return err
		}
		if err := f.check(""); err != nil {
			return err
		}
		if err := f.loadStreams(); err != nil {
			return err
		}
		return f.load(&st)
	})
	return st, err
}

// connect opens the file again after an error.
func (f *file) connect() error {
	return f.inTime(func() error {
		if err := f.open(); err != nil {
			return err
		}
		return f.loadStreams()
	})
}

// inTime runs what opens and reads the file, which may be of any content. It
// ends that when it takes too long.
func (f *file) inTime(run func() error) error {
	most := f.most
	if info, err := os.Stat(f.path); most == 0 {
		most = readLeast
		if err == nil {
			most = min(most+time.Duration(info.Size()/readRate)*time.Second, readMost)
		}
	}
	ctx, cancel := context.WithTimeout(background, most)
	defer cancel()
	f.ctx = ctx
	defer func() { f.ctx = background }()
	err := run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("could not be read within %v: check its disk, or name another file", most)
	case code(err)&0xff == sqlite3.SQLITE_BUSY:
		return fmt.Errorf("another program keeps it locked: end that, or name another file (%w)", err)
	case code(err) == sqlite3.SQLITE_TOOBIG:
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return err
}

// open opens the file and makes sure that it is a ledger this code knows. None of
// its tables has been read then.
func (f *file) open() error {
	if err := prepare(f.path); err != nil {
		return err
	}
	name := url.URL{Scheme: "file", Path: f.path, RawQuery: connection}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1) // one writer, and settings belong to a connection
	f.db, f.stmts, f.streams = db, make(map[string]*sql.Stmt), make(map[source.Stream]int64)
	if f.conn, err = db.Conn(f.ctx); err != nil {
		return err
	}
	for limit, most := range map[int]int{sqlite3.SQLITE_LIMIT_LENGTH: mostRow, sqlite3.SQLITE_LIMIT_SQL_LENGTH: mostSQL} {
		if _, err := sqlite.Limit(f.conn, limit, most); err != nil {
			return err
		}
	}
	if err := f.exec(settings); err != nil {
		return err
	}
	var app, version, tables int64
	err = f.conn.QueryRowContext(f.ctx, "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)"+
		" FROM pragma_application_id, pragma_user_version").Scan(&app, &version, &tables)
	switch {
	case err != nil:
		return err
	case app == 0 && version == 0 && tables == 0:
		if f.there {
			f.log.Errorf("db %q is gone, and a new one is begun: after the next start records can come again", f.path)
		}
		return f.begin()
	case app != applicationID:
		return errors.New("is a SQLite database of another program: name another file")
	case version > int64(len(schemas)):
		return fmt.Errorf("was written by a newer version (schema %d, this one knows %d): use that version, or name another file",
			version, len(schemas))
	case version < 1:
		return fmt.Errorf("%w: schema %d", errDamaged, version)
	}
	f.there = true
	if err := f.checkSchema(schemaOf(version)); err != nil {
		return err
	}
	return f.upgrade(version)
}

// begin makes an empty ledger.
func (f *file) begin() error {
	err := f.exec(fmt.Sprintf("BEGIN IMMEDIATE; PRAGMA application_id = %d; %s", applicationID, added(0)))
	if err != nil {
		return err
	}
	if err := f.setSince(change{since: f.since}); err != nil {
		return err
	}
	err = f.exec("COMMIT")
	f.there = err == nil
	return err
}

// disconnect drops the connection, and with it a transaction that is open.
func (f *file) disconnect() error {
	if f.db == nil {
		return nil
	}
	for _, s := range f.stmts {
		s.Close()
	}
	if f.conn != nil {
		f.conn.Close()
	}
	err := f.db.Close()
	f.db, f.conn, f.stmts = nil, nil, nil
	return err
}

// restart sets the file aside, for an empty one to be made.
func (f *file) restart(cause error) error {
	f.disconnect()
	if f.renewed {
		return cause
	}
	f.renewed, f.there = true, false
	aside, err := setAside(f.path, f.now())
	if err != nil {
		return fmt.Errorf("is damaged (%w) and cannot be set aside: %w", cause, err)
	}
	f.log.Errorf("db %q is damaged (%v): it is kept as %q, and collecting starts anew, as at the first start; records can come again",
		f.path, cause, aside)
	return nil
}

func (f *file) close() error {
	return errors.Join(f.disconnect(), release(f.lock))
}

// exec runs a statement; those with arguments are prepared once.
func (f *file) exec(query string, args ...any) error {
	if len(args) == 0 {
		_, err := f.conn.ExecContext(f.ctx, query)
		return err
	}
	stmt, ok := f.stmts[query]
	if !ok {
		var err error
		if stmt, err = f.conn.PrepareContext(f.ctx, query); err != nil {
			return err
		}
		f.stmts[query] = stmt
	}
	_, err := stmt.ExecContext(f.ctx, args...)
	return err
}

// damaged reports whether err says that the file's content is wrong. A full
// disk, a reader in the way or an input/output error do not.
func damaged(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_NOTADB,
		sqlite3.SQLITE_IOERR_SHORT_READ, // cut within a page
		sqlite3.SQLITE_READONLY:         // create could write it, but its header says otherwise
		return true
	}
	return code(err)&0xff == sqlite3.SQLITE_CORRUPT || errors.Is(err, errDamaged)
}

// code is SQLite's extended result code, or 0.
func code(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return sqlite3.SQLITE_OK
	}
	return e.Code()
}
