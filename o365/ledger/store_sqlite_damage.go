package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// errDamaged says that the file's content cannot be right.
var errDamaged = errors.New("wrong content")

// isDamage reports whether err means that the file's content is wrong. A full
// disk, a reader in the way or an input/output error do not.
func isDamage(err error) bool {
	switch resultCode(err) {
	case sqlite3.SQLITE_NOTADB,
		sqlite3.SQLITE_IOERR_SHORT_READ, // cut within a page
		sqlite3.SQLITE_READONLY:         // prepareFiles could write it, but its header says otherwise
		return true
	}
	return resultCode(err)&0xff == sqlite3.SQLITE_CORRUPT || errors.Is(err, errDamaged)
}

// isForeignTable reports whether a statement does not fit the tables of a file.
func isForeignTable(err error) bool { return resultCode(err)&0xff == sqlite3.SQLITE_ERROR }

// resultCode returns SQLite's extended result code, or 0.
func resultCode(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return sqlite3.SQLITE_OK
	}
	return e.Code()
}

// checkPages looks for damage of the structure: pages that are in two places, or
// in none. Reading such a table may never end; adding to it would meet the damage
// later. The table "" stands for the whole file.
func (s *sqliteStore) checkPages(table string) error {
	query := "PRAGMA quick_check(1)"
	if table != "" {
		query = fmt.Sprintf("PRAGMA quick_check(%s)", table)
	}
	var result string
	if err := s.conn.QueryRowContext(s.ctx, query).Scan(&result); err != nil {
		return err
	}
	if result != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, sanitize.Text(result, sanitize.MaxText))
	}
	return nil
}

// rescueSince reads from when on streams are collected, as far as it can be read,
// from a file that is going to be set aside.
func (s *sqliteStore) rescueSince() {
	if s.checkPages("streams") != nil || s.checkPages("since") != nil || s.readStreams() != nil {
		return
	}
	st := newState(Options{}, retentions{})
	streams := make(map[int64]source.Stream, len(s.streams))
	for name, id := range s.streams {
		streams[id] = name
	}
	_ = s.readSince(&st, streams) // a damaged row ends it
}

// setAside renames the file, for an empty one to be made, once. It returns the
// cause when it was done already.
func (s *sqliteStore) setAside(cause error) error {
	s.disconnect()
	if s.isSetAside {
		return cause
	}
	s.isSetAside, s.hasBegun = true, false
	aside, err := renameDamaged(s.path, s.now())
	if err != nil {
		return fmt.Errorf("is damaged (%w) and cannot be set aside: %w", cause, err)
	}
	s.log.Errorf("db %q is damaged (%v): it is kept as %q, and collecting starts anew, as at the first start; records can be delivered again",
		s.path, cause, aside)
	return nil
}

// renameDamaged renames a damaged database, and what is beside it so that the next
// one is not repaired with it. In this order: a database that has lost its journal
// could look sound.
func renameDamaged(path string, now time.Time) (string, error) {
	aside := path + ".corrupt-" + now.UTC().Format("20060102T150405Z")
	suffixes := append([]string{""}, besideSuffixes...)
	for _, suffix := range suffixes {
		if _, err := os.Lstat(aside + suffix); err == nil {
			return "", fmt.Errorf("%s exists already", aside+suffix)
		}
	}
	for _, suffix := range suffixes {
		err := os.Rename(path+suffix, aside+suffix)
		if err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
			return "", err
		}
	}
	return aside, nil
}
