package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

const (
	mostObjects = 100      // tables and views looked at
	mostText    = 16 << 10 // bytes of SQL looked at of each
	mostRow     = 64 << 20 // bytes that the keys of one transaction may have
)

// checkSchema compares tables and views with those that schema.sql makes, before
// any of them is read: what calls itself a table may be a view without end, and a
// trigger may do anything. The text of views is not run for that.
func (f *file) checkSchema() error {
	want, err := ownSchema(f.ctx)
	if err != nil {
		return err
	}
	got, err := readSchema(f.ctx, f.conn)
	if err != nil {
		return err
	}
	if err := differs(got, want); err != nil {
		if same := func(name string) bool { return got[name] == want[name] }; same("table streams") && same("table since") {
			f.rescueSince()
		}
		return err
	}
	for _, table := range []string{"record_keys", "keys"} {
		var longest sql.NullInt64
		if err := f.conn.QueryRowContext(f.ctx, "SELECT max(length(keys)) FROM "+table).Scan(&longest); err != nil {
			return err
		}
		if longest.Int64 > mostRow {
			return fmt.Errorf("%w: a row of %s has %d bytes", errDamaged, table, longest.Int64)
		}
	}
	return nil
}

func differs(got, want map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if want[name] != got[name] {
			return fmt.Errorf("%w: %s is not as this plugin makes it", errDamaged, sanitize.Text(name, sanitize.MaxText))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[name]; !ok {
			return fmt.Errorf("%w: %s is missing", errDamaged, name)
		}
	}
	return nil
}

// rescueSince reads from when on streams are collected, as far as it can be read,
// out of a file that is going to be set aside.
func (f *file) rescueSince() {
	if f.loadStreams() != nil {
		return
	}
	known := newState(Options{})
	streams := make(map[int64]Stream, len(f.streams))
	for s, id := range f.streams {
		streams[id] = s
	}
	_ = f.loadSince(&known, streams) // what is damaged is not believed
}

// ownSchema is what schema.sql makes, as SQLite keeps it.
func ownSchema(ctx context.Context) (map[string]string, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, added(0)); err != nil {
		return nil, err
	}
	return readSchema(ctx, conn)
}

// readSchema returns the SQL of every object by its kind and name.
func readSchema(ctx context.Context, conn *sql.Conn) (map[string]string, error) {
	rows, err := conn.QueryContext(ctx, "SELECT type || ' ' || name, substr(coalesce(sql, ''), 1, ?) FROM sqlite_schema LIMIT ?", mostText, mostObjects)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := make(map[string]string)
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, errors.Join(errDamaged, err)
		}
		all[name] = text
	}
	return all, rows.Err()
}
