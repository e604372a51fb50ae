// Package duckdb tries the queries of conf/archive/README.md: DuckDB reads what the
// plugin has archived. make duckdb installs it.
package duckdb

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// here is the folder in the queries of the page.
const here = "/srv/audit"

var fenced = regexp.MustCompile("(?s)```sql\n(.*?)```")

func TestQueriesOfThePage(t *testing.T) {
	installed, err := filepath.Abs("../../build/duckdb")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(installed, "node_modules")); err != nil {
		t.Skip("no DuckDB: run make duckdb")
	}
	page, err := os.ReadFile("../../conf/archive/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var queries []string
	for _, m := range fenced.FindAllStringSubmatch(string(page), -1) {
		if strings.Contains(m[1], here) {
			queries = append(queries, m[1])
		}
	}
	if len(queries) != 2 {
		t.Fatalf("%d queries on the page, want 2", len(queries))
	}
	dir := t.TempDir()
	const blobs, records = 6, 30
	events := collect(t, dir, api.Options{Seed: 71, Blobs: blobs, Records: records})

	perType := map[string]int{}
	for _, row := range query(t, installed, dir, queries[0]) {
		n, _ := row["records"].(string) // of a 64-bit number
		count, err := json.Number(n).Int64()
		if err != nil {
			t.Fatalf("%v: %v", row, err)
		}
		perType[row["content_type"].(string)] += int(count)
	}
	for _, name := range api.ContentTypes() {
		if perType[name] != blobs*records {
			t.Errorf("%d records of %s, want %d", perType[name], name, blobs*records)
		}
	}
	want := bytes.Count(events, []byte("\xa9Operation\xb1MailItemsAccessed")) // in MessagePack
	rows := query(t, installed, dir, queries[1])
	if len(rows) != want || want == 0 {
		t.Errorf("%d rows of MailItemsAccessed, want %d", len(rows), want)
	}
	for _, row := range rows {
		if _, err := time.Parse("2006-01-02T15:04:05", row["time"].(string)); err != nil || row["who"] == "" || row["operation"] != "MailItemsAccessed" {
			t.Fatalf("a row is %v", row)
		}
	}
}

// collect archives all that a service has in a folder, and returns the events.
func collect(t *testing.T, dir string, opt api.Options) (events []byte) {
	t.Helper()
	service, err := rig.StartService(t.TempDir(), opt)
	if err != nil {
		t.Fatal(err)
	}
	defer service.Down()
	options := service.Options().With(rig.Options{"archive_url": "file://" + dir})
	config, err := o365.ParseConfig(func(key string) string { return options[key] })
	if err != nil {
		t.Fatal(err)
	}
	in, err := o365.Open(config, o365.Host{Log: func(logging.Level, string) {}, Shared: o365.NewShared()})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	archived := func() (n int) {
		for _, s := range in.Metrics().StreamIDs() {
			n += int(in.Metrics().Stream(s.Tenant, s.ContentType).Delivered.Load())
		}
		return n
	}
	if err := rig.Await("the archive", time.Minute, func() bool {
		for b := in.Next(); b != nil; b = in.Next() {
			events = append(events, b.Events...)
			b.Ack()
		}
		return archived() == opt.Blobs*len(api.ContentTypes())
	}, archived); err != nil {
		t.Fatal(err)
	}
	return events
}

// query returns the rows of a query.
func query(t *testing.T, installed, dir, sql string) (rows []map[string]any) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", "query.mjs", installed)
	cmd.Stdin = strings.NewReader(strings.ReplaceAll(sql, here, dir))
	out, err := cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		t.Fatalf("%s\n%v: %s", sql, err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(out) {
		var row map[string]any
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		rows = append(rows, row)
	}
	return rows
}
