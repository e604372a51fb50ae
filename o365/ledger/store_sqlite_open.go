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

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

const applicationID = 0x6f333635 // "o365", in the file's header

// connectionOptions: the file is made by prepareFiles, with its permissions, and
// while it is locked by somebody who reads it with sqlite3, a statement waits for
// half a second.
const connectionOptions = "mode=rw&_defensive=1&_error_rc=1&_busy_timeout=500"

// connectionSettings are made within the time that opening may take, as some of
// them read the file:
//
//   - journal_mode PERSIST: a rollback journal. Write-ahead logging needs one
//     sync a transaction instead of five, but keeps its index in shared mapped
//     memory: a read error there is a signal that ends the host process, here
//     it is an error; and it does not work on network shares. PERSIST, as
//     emptying the journal took longer than writing over it.
//   - synchronous FULL: Confirm returns when it is on the disk.
//   - cell_size_check: damage is found when a page is read.
//   - temp_store memory: a container may have no place for temporary files.
const connectionSettings = "PRAGMA trusted_schema = off; PRAGMA cell_size_check = on; PRAGMA temp_store = memory;" +
	"PRAGMA journal_mode = persist; PRAGMA synchronous = full;" +
	"PRAGMA journal_size_limit = 1048576; PRAGMA cache_size = -512"

// Bounds of what is read from a file, which somebody else may have made.
const (
	maxRowBytes       = 64 << 20 // a row of maxRowKeys keys has a quarter
	maxStatementBytes = 64 << 10 // of the statement that made a table
)

// Opening may take minOpenTime and a second for every openBytesPerSecond. A good
// disk reads them in a tenth of that: 5 million Ids, 186 MB, take 8 s.
const (
	minOpenTime        = time.Minute
	maxOpenTime        = time.Hour
	openBytesPerSecond = 2 << 20
)

// readAll opens the file and reads all of it.
func (s *sqliteStore) readAll(opt Options, retention retentions) (st state, err error) {
	s.disconnect()
	st = newState(opt, retention)
	err = s.inTime(func() error {
		if err := s.open(); err != nil {
			return err
		}
		if err := s.checkPages(""); err != nil {
			return err
		}
		if err := s.readStreams(); err != nil {
			return err
		}
		return s.readState(&st)
	})
	return st, err
}

// reconnect opens the file again after an error.
func (s *sqliteStore) reconnect() error {
	return s.inTime(func() error {
		if err := s.open(); err != nil {
			return err
		}
		return s.readStreams()
	})
}

// inTime runs what opens and reads the file, whose content may be anything. It
// interrupts it when it takes too long.
func (s *sqliteStore) inTime(run func() error) error {
	limit := s.timeLimit
	if info, err := os.Stat(s.path); limit == 0 {
		limit = minOpenTime
		if err == nil {
			limit = min(limit+time.Duration(info.Size()/openBytesPerSecond)*time.Second, maxOpenTime)
		}
	}
	ctx, cancel := context.WithTimeout(background, limit)
	defer cancel()
	s.ctx = ctx
	defer func() { s.ctx = background }()
	err := run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("could not be read within %v: check its disk, or name another file", limit)
	case resultCode(err)&0xff == sqlite3.SQLITE_BUSY:
		return fmt.Errorf("another program keeps it locked: end that, or name another file (%w)", err)
	case resultCode(err) == sqlite3.SQLITE_TOOBIG:
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return err
}

// open opens the file and checks that it is a ledger this version can use. None of
// its tables has been read then.
func (s *sqliteStore) open() error {
	if err := prepareFiles(s.path); err != nil {
		return err
	}
	name := url.URL{Scheme: "file", Path: s.path, RawQuery: connectionOptions}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1) // one writer, and settings belong to a connection
	s.db, s.stmts, s.streams = db, make(map[string]*sql.Stmt), make(map[source.Stream]int64)
	if s.conn, err = db.Conn(s.ctx); err != nil {
		return err
	}
	for limit, bytes := range map[int]int{sqlite3.SQLITE_LIMIT_LENGTH: maxRowBytes, sqlite3.SQLITE_LIMIT_SQL_LENGTH: maxStatementBytes} {
		if _, err := sqlite.Limit(s.conn, limit, bytes); err != nil {
			return err
		}
	}
	if err := s.exec(connectionSettings); err != nil {
		return err
	}
	var app, version, tables int64
	err = s.conn.QueryRowContext(s.ctx, "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)"+
		" FROM pragma_application_id, pragma_user_version").Scan(&app, &version, &tables)
	switch {
	case err != nil:
		return err
	case app == 0 && version == 0 && tables == 0:
		if s.hasBegun {
			s.log.Errorf("db %q is gone, and a new one is begun: after the next start records can be delivered again", s.path)
		}
		return s.begin()
	case app != applicationID:
		return errors.New("is a SQLite database of another program: name another file")
	case version > int64(len(schemas)):
		return fmt.Errorf("was written by a newer version (schema %d, this one knows %d): use that version, or name another file",
			version, len(schemas))
	case version < 1:
		return fmt.Errorf("%w: schema %d", errDamaged, version)
	}
	s.hasBegun = true
	if err := s.checkSchema(schemaOf(version)); err != nil {
		return err
	}
	return s.upgrade(version)
}

// begin makes the tables of an empty file.
func (s *sqliteStore) begin() error {
	err := s.exec(fmt.Sprintf("BEGIN IMMEDIATE; PRAGMA application_id = %d; %s", applicationID, added(0)))
	if err != nil {
		return err
	}
	if err := s.setSince(transaction{since: s.since}); err != nil {
		return err
	}
	err = s.exec("COMMIT")
	s.hasBegun = err == nil
	return err
}

// disconnect drops the connection, and with it a transaction that is open.
func (s *sqliteStore) disconnect() error {
	if s.db == nil {
		return nil
	}
	for _, stmt := range s.stmts {
		stmt.Close()
	}
	if s.conn != nil {
		s.conn.Close()
	}
	err := s.db.Close()
	s.db, s.conn, s.stmts = nil, nil, nil
	return err
}

// exec runs a statement; those with arguments are prepared once.
func (s *sqliteStore) exec(query string, args ...any) error {
	if len(args) == 0 {
		_, err := s.conn.ExecContext(s.ctx, query)
		return err
	}
	stmt, ok := s.stmts[query]
	if !ok {
		var err error
		if stmt, err = s.conn.PrepareContext(s.ctx, query); err != nil {
			return err
		}
		s.stmts[query] = stmt
	}
	_, err := stmt.ExecContext(s.ctx, args...)
	return err
}
