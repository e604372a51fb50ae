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
)

//go:embed store_sqlite_schema1.sql
var schema1 string

//go:embed store_sqlite_schema2.sql
var schema2 string

// schemas are what each version adds to the one before; user_version of a file is
// how many it has.
var schemas = []string{schema1, schema2}

// schemaOf returns the schema of a version.
func schemaOf(version int64) string { return strings.Join(schemas[:version], ";\n") }

// upgrade adds to a file of an earlier schema what the last one has.
func (s *sqliteStore) upgrade(version int64) error {
	if int(version) == len(schemas) {
		return nil
	}
	return s.exec(fmt.Sprintf("BEGIN IMMEDIATE; %s; COMMIT", added(version)))
}

// added returns the statements that make a file of one version one of the last.
func added(version int64) string {
	return fmt.Sprintf("%s; PRAGMA user_version = %d", strings.Join(schemas[version:], ";"), len(schemas))
}

const maxSchemaObjects = 100 // tables, views and others that are compared

// checkSchema compares tables and views with those that a schema makes, before
// any of them is read: what has the name of a table may be a view without end, and
// a trigger may do anything.
func (s *sqliteStore) checkSchema(schema string) error {
	want, may, err := ownSchema(s.ctx, schema)
	if err != nil {
		return err
	}
	got, err := readSchema(s.ctx, s.conn)
	if err != nil {
		return err
	}
	if err := differs(got, want, may); err != nil {
		if isOwn := func(name string) bool { return got[name] == want[name] }; isOwn("table streams") && isOwn("table since") {
			s.rescueSince()
		}
		return err
	}
	return nil
}

// differs returns how the objects of a file differ from those that it must and may
// have; what it must have is among what it may have.
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

// ownSchema returns the objects that a schema makes, as SQLite stores them, and the
// same with those that ANALYZE adds, which somebody may have run.
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
	rows, err := conn.QueryContext(ctx, "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema LIMIT ?", maxSchemaObjects)
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
