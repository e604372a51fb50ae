package ledger

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

//go:embed store_sqlite_schema1.sql
var schema1 string

//go:embed store_sqlite_schema2.sql
var schema2 string

// schemas are what each version adds to the one before; a file says how many it
// has.
var schemas = []string{schema1, schema2}

// schemaOf is the schema of a version.
func schemaOf(version int64) string { return strings.Join(schemas[:version], ";\n") }

// upgrade adds what a file of an earlier schema does not have.
func (f *file) upgrade(version int64) error {
	if int(version) == len(schemas) {
		return nil
	}
	return f.exec(fmt.Sprintf("BEGIN IMMEDIATE; %s; COMMIT", added(version)))
}

// added are the statements that make a file of one version one of the last.
func added(version int64) string {
	return fmt.Sprintf("%s; PRAGMA user_version = %d", strings.Join(schemas[version:], ";"), len(schemas))
}

const mostObjects = 100 // tables and views that are compared

// checkSchema compares tables and views with those that a schema makes, before
// any of them is read: what calls itself a table may be a view without end, and a
// trigger may do anything.
func (f *file) checkSchema(schema string) error {
	want, may, err := ownSchema(f.ctx, schema)
	if err != nil {
		return err
	}
	got, err := readSchema(f.ctx, f.conn)
	if err != nil {
		return err
	}
	if err := differs(got, want, may); err != nil {
		if same := func(name string) bool { return got[name] == want[name] }; same("table streams") && same("table since") {
			f.rescueSince()
		}
		return err
	}
	return nil
}

// differs returns in what the objects of a file are not those that must and may be
// there; those that must be there are among those that may.
func differs(got, must, may map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(got)) {
		switch text, own := may[name]; {
		case own && text == got[name]:
		case !own:
			return fmt.Errorf("%w: there is a %s", errDamaged, sanitize.Text(name, sanitize.MaxText))
		default:
			return fmt.Errorf("%w: %s is not as this plugin makes it", errDamaged, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(must)) {
		if _, ok := got[name]; !ok {
			return fmt.Errorf("%w: %s is missing", errDamaged, name)
		}
	}
	return nil
}

// check looks for damage of the structure: pages that are in two places, or in
// none. Reading a table, that may come to no end; adding to it, only then is it
// met. The table "" stands for the whole file.
func (f *file) check(table string) error {
	query := "PRAGMA quick_check(1)"
	if table != "" {
		query = fmt.Sprintf("PRAGMA quick_check(%s)", table)
	}
	var verdict string
	if err := f.conn.QueryRowContext(f.ctx, query).Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, sanitize.Text(verdict, sanitize.MaxText))
	}
	return nil
}

// rescueSince reads from when on streams are collected, as far as it can be read,
// out of a file that is going to be set aside.
func (f *file) rescueSince() {
	if f.check("streams") != nil || f.check("since") != nil || f.loadStreams() != nil {
		return
	}
	known := newState(Options{})
	streams := make(map[int64]source.Stream, len(f.streams))
	for s, id := range f.streams {
		streams[id] = s
	}
	_ = f.loadSince(&known, streams) // what is damaged is not believed
}

// ownSchema returns what a schema makes, as SQLite keeps it, and the same with what
// is left when somebody lets SQLite analyze the file.
func ownSchema(ctx context.Context, schema string) (must, may map[string]string, err error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, schema); err != nil {
		return nil, nil, err
	}
	if must, err = readSchema(ctx, conn); err != nil {
		return nil, nil, err
	}
	if _, err := conn.ExecContext(ctx, "ANALYZE"); err != nil {
		return nil, nil, err
	}
	may, err = readSchema(ctx, conn)
	return must, may, err
}

// readSchema returns the SQL of every object by its kind and name.
func readSchema(ctx context.Context, conn *sql.Conn) (map[string]string, error) {
	rows, err := conn.QueryContext(ctx, "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema LIMIT ?", mostObjects)
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
