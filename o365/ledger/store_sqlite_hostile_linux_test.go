package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "

// A file that calls itself a ledger and is none is kept, and not run.
func TestHostileContent(t *testing.T) {
	row := func(table string, id, time int64, keys string) string {
		return fmt.Sprintf("INSERT INTO %s VALUES (%d, %d, x'%x', %d)", table, id, time, keys, checksum([]int64{id, time}, keys))
	}
	blob := func(until, records int64) string {
		n := []int64{until, start.Unix(), records, 1}
		return fmt.Sprintf("INSERT INTO blobs (keep_until, created, records, done, checksum, stream, content_id) VALUES (%d, %d, %d, %d, %d, 1, 'b')",
			n[0], n[1], n[2], n[3], checksum(n, exchange.Tenant, exchange.ContentType, "b"))
	}
	const most = 1<<63 - 1
	for name, tt := range map[string]struct {
		change string
		cause  string // in the line; "": it is used
		lost   bool   // since when streams are collected
	}{
		"nothing":  {change: "SELECT 1"},
		"analyzed": {change: "ANALYZE"},
		"a row":    {change: row("keys", 100, 1, strings.Repeat("k", 32)) + ";" + blob(start.Unix(), 5)},

		"endless view":       {"DROP TABLE streams; CREATE VIEW streams AS " + endless + "SELECT i AS id, 't' AS tenant, 'c' AS content_type FROM n", "there is a view streams", true},
		"endless since":      {"DROP TABLE since; CREATE VIEW since AS " + endless + "SELECT i AS stream, i AS start, 0 AS checksum FROM n", "there is a view since", true},
		"another view":       {"CREATE VIEW mine AS " + endless + "SELECT * FROM n", "there is a view mine", false},
		"view changed":       {"DROP VIEW missing; CREATE VIEW missing AS SELECT 1", "view missing is not as this plugin makes it", false},
		"view gone":          {"DROP VIEW missing", "view missing is missing", false},
		"table gone":         {"DROP TABLE gaps", "table gaps is missing", false},
		"trigger":            {"CREATE TRIGGER t AFTER INSERT ON blobs BEGIN DELETE FROM blobs; END", "there is a trigger t", false},
		"trigger of a view":  {"CREATE TRIGGER t INSTEAD OF INSERT ON missing BEGIN DELETE FROM blobs; END", "there is a trigger t", false},
		"index":              {"CREATE INDEX i ON blobs (created)", "there is a index i", false},
		"index of a formula": {"CREATE INDEX i ON blobs (zeroblob(records))", "there is a index i", false},
		"column":             {"ALTER TABLE blobs ADD COLUMN extra INTEGER", "table blobs is not", false},
		"generated column":   {"ALTER TABLE gaps ADD COLUMN g INTEGER GENERATED ALWAYS AS (zeroblob(1000000000))", "table gaps is not", false},
		"virtual table":      {"CREATE VIRTUAL TABLE v USING fts5(x)", "there is a table v", false},
		"long statement":     {"CREATE VIEW v AS SELECT '" + strings.Repeat("x", 1<<20) + "'", "malformed", true},
		"strange name":       {"CREATE VIEW \"a\u001b[31mb\nc" + strings.Repeat("x", 1000) + "\" AS SELECT 1", "there is a view a [31mb c", false},

		"huge keys":      {"INSERT INTO keys VALUES (1, 1, zeroblob(100000000), 0)", "too big", false},
		"huge old keys":  {"INSERT INTO record_keys VALUES (1, 1, zeroblob(100000000), 0)", "too big", false},
		"huge contentId": {"INSERT INTO blobs VALUES (1, 1, hex(zeroblob(50000000)), 1, 1, 1, 1)", "too big", false},
		"huge reason":    {"INSERT INTO gaps VALUES (1, 1, 1, 1, hex(zeroblob(50000000)), 1, 1)", "too big", false},
		"huge tenant":    {"INSERT INTO streams VALUES (9, hex(zeroblob(50000000)), 'c')", "too big", true},
		"last id":        {row("keys", most, 1, strings.Repeat("k", 16)), "number 9223372036854775807", false},
		"first id":       {row("keys", -most, 1, strings.Repeat("k", 16)), "number -9223372036854775807", false},
		"last time":      {row("keys", 1, most, strings.Repeat("k", 16)), "number 9223372036854775807", false},
		"last stream":    {fmt.Sprintf("INSERT INTO streams VALUES (%d, 't', 'c')", most), "stream 9223372036854775807", true},
		"half a key":     {row("keys", 100, 1, strings.Repeat("k", 17)), "17 bytes", false},
		"blob for ever":  {blob(most, 5), "number 9223372036854775807", false},
		"blob of many":   {blob(start.Unix(), most), "number 9223372036854775807", false},
		"wrong type":     {"UPDATE streams SET id = 7; UPDATE since SET start = 'x'", "Scan error", true},
	} {
		t.Run(name, func(t *testing.T) {
			if brief() && strings.HasPrefix(name, "huge") {
				t.Skip("takes its time")
			}
			t.Parallel()
			path := filepath.Join(scratch(t), "o365.db")
			l := open(t, path, Options{})
			since(t, l, start, start)
			l.Close()
			edit(t, path, tt.change)
			var log lines
			if l, err := ended(t, path, Options{DedupMax: 10, Now: at(start), Log: log.log}); err != nil {
				t.Fatal(err)
			} else if tt.lost {
				since(t, l, start.Add(time.Hour), start.Add(time.Hour))
			} else {
				since(t, l, start.Add(time.Hour), start)
			}
			aside, _ := filepath.Glob(path + ".corrupt-*")
			switch {
			case tt.cause == "" && len(log)+len(aside) > 0:
				t.Errorf("%q, %q", log, aside)
			case tt.cause == "":
			case len(log) != 1 || len(aside) == 0 || !strings.Contains(log[0], "is kept as") || !strings.Contains(log[0], tt.cause):
				t.Errorf("%q, %q", log, aside)
			case len(log[0]) > 2000:
				t.Errorf("a line of %d bytes", len(log[0]))
			}
		})
	}
}

// Pages that are in many places make a tree of a few kilobytes one without end.
func TestEndlessTree(t *testing.T) {
	for name, tt := range map[string]struct {
		table  string
		change string
		want   string
	}{
		"table":         {"since", "", "is damaged"},
		"first table":   {"streams", "", "is damaged"},
		"keys":          {"keys", "", "is damaged"},
		"to be saved":   {"since", "CREATE VIEW mine AS SELECT 1", "is damaged"},
		"of the tables": {"sqlite_schema", "", "could not be read within 1s: check its disk, or name another file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(scratch(t), "o365.db")
			l := open(t, path, Options{DedupMax: 1000})
			since(t, l, start, start)
			must(t, l.Confirm([]Delivery{delivery(1)}))
			l.Close()
			edit(t, path, "SELECT 1;"+tt.change)
			root := 1
			if tt.table != "sqlite_schema" {
				root = countIn(t, path, "SELECT rootpage FROM sqlite_schema WHERE name = '"+tt.table+"'")
			}
			must(t, multiply(path, root))
			var log lines
			opt := Options{DedupMax: 1000, Log: log.log, openTimeLimit: time.Second}
			if tt.want == "is damaged" {
				opt.openTimeLimit = 0
			}
			_, err := ended(t, path, opt)
			if text := fmt.Sprint(err, log); !strings.Contains(text, tt.want) {
				t.Errorf("got %s", text)
			}
		})
	}
}

// multiply puts ten pages above the leaf at root, each with a hundred times the
// next one in it: https://www.sqlite.org/fileformat2.html#b_tree_pages.
func multiply(path string, root int) error {
	const levels, cells = 10, 100
	db, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	header := 0
	if root == 1 {
		header = 100
	}
	pages := len(db) / page
	leaf := make([]byte, page)
	copy(leaf, db[(root-1)*page:root*page])
	if leaf[header] != 13 {
		return fmt.Errorf("page %d is of type %d, and no leaf", root, leaf[header])
	}
	copy(leaf, leaf[header:header+8+2*int(binary.BigEndian.Uint16(leaf[header+3:]))])
	inner := func(header, child int) []byte {
		b := make([]byte, page)
		h := b[header:]
		h[0] = 5
		binary.BigEndian.PutUint16(h[3:], cells)
		binary.BigEndian.PutUint16(h[5:], page-5*cells)
		binary.BigEndian.PutUint32(h[8:], uint32(child))
		for i := range cells {
			at := page - 5*(i+1)
			binary.BigEndian.PutUint16(h[12+2*i:], uint16(at))
			binary.BigEndian.PutUint32(b[at:], uint32(child))
			b[at+4] = byte(i)
		}
		return b
	}
	for i := range levels {
		db = append(db, inner(0, pages+i+2)...)
	}
	db = append(db, leaf...)
	copy(db[(root-1)*page+header:root*page], inner(header, pages+1)[header:])
	binary.BigEndian.PutUint32(db[28:], uint32(len(db)/page))
	return os.WriteFile(path, db, 0o600)
}

// What earlier versions wrote is used. A change within a statement of a schema,
// be it of a comment, is another schema.
func TestEarlierSchemas(t *testing.T) {
	var text []byte
	for version := 1; version <= len(schemas); version++ {
		added, err := os.ReadFile(fmt.Sprintf("testdata/schema%d.sql", version))
		must(t, err)
		text = append(append(text, added...), ';')
		path := filepath.Join(scratch(t), "o365.db")
		must(t, os.WriteFile(path, nil, 0o600))
		edit(t, path, fmt.Sprintf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d", text, applicationID, version))
		var log lines
		l := open(t, path, Options{Log: log.log})
		must(t, l.Confirm([]Delivery{delivery(1)}))
		if len(log) > 0 {
			t.Errorf("schema %d: %q", version, log)
		}
	}
}

// Somebody who keeps the file locked does not keep the start waiting.
func TestLockedByAnother(t *testing.T) {
	path := filepath.Join(scratch(t), "o365.db")
	open(t, path, Options{DedupMax: 10}).Close()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	conn, err := db.Conn(context.Background())
	must(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(context.Background(), "BEGIN EXCLUSIVE")
	must(t, err)
	l, err := tryOpen(path, Options{DedupMax: 10})
	if err == nil {
		l.Close()
	}
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "another program keeps it locked") {
		t.Errorf("got %v", err)
	}
}

func countIn(t *testing.T, path, query string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
