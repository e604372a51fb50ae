package ledger

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

const (
	page    = 4096
	written = 300 // deliveries in the file that is damaged
)

var (
	complete = []source.Span{{From: start.Add(-5 * time.Hour), To: start.Add(-4 * time.Hour)}, {From: start.Add(-2 * time.Hour), To: start}}
	gap      = Gap{exchange, complete[0], "expired", start}
)

// sound returns a database with everything in it, of several pages per table.
func sound(t testing.TB) []byte {
	path := filepath.Join(scratch(t), "o365.db")
	l := open(t, path, Options{DedupMax: 20000})
	var ds []Delivery
	for n := range written {
		d := delivery(n)
		for i := range 20 {
			d.Keys = append(d.Keys, Key{byte(n >> 8), byte(n), byte(i), 2})
		}
		ds = append(ds, d)
	}
	since(t, l, start, start)
	if err := errors.Join(l.Confirm(ds[:100]), l.Confirm(ds[100:150]), l.Confirm(ds[150:]),
		l.Complete(exchange, complete...), l.AddGap(gap), l.Close()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// A damaged file must never end the process, stop collecting, or claim that
// something is delivered that is not.
func TestDamage(t *testing.T) {
	t.Parallel()
	good := sound(t)
	random := rand.New(rand.NewPCG(1, 2))
	damages := map[string][]byte{
		"nothing":              good,
		"garbage":              []byte("not a database at all"),
		"zeros":                make([]byte, 3*page),
		"cut in the last page": good[:len(good)-page/2],
	}
	certain := []string{"garbage", "zeros", "cut in the last page"}
	flip := func(name string, offset int) {
		b := bytes.Clone(good)
		b[offset] ^= 1 << random.IntN(8)
		damages[fmt.Sprint(name, offset)] = b
	}
	step := 1
	if brief() {
		step = 9
	}
	for offset := 0; offset < 100; offset += step {
		flip("header bit ", offset)
	}
	for p := 0; p < len(good); p += step * page {
		flip("bit of page head ", p+random.IntN(16))
		flip("bit ", p+random.IntN(page))
		flip("bit ", p+page-1-random.IntN(500)) // cells are there
		zero, noise := bytes.Clone(good), bytes.Clone(good)
		clear(zero[p : p+page])
		for i := p; i < p+page; i += 4 {
			binary.NativeEndian.PutUint32(noise[i:], random.Uint32())
		}
		stale := bytes.Clone(good)
		copy(stale[p:], good[(p+7*page)%len(good):][:page])
		damages[fmt.Sprint("zeros ", p)], damages[fmt.Sprint("noise ", p)], damages[fmt.Sprint("other page ", p)] = zero, noise, stale
		damages[fmt.Sprint("cut ", p)], damages[fmt.Sprint("cut in ", p)] = good[:p], good[:p+random.IntN(page)]
	}
	outcomes := make(map[string]int)
	dir := scratch(t)
	for name, content := range damages {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "_"))
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		outcome, _, err := examine(path)
		if err != nil {
			t.Errorf("%s: %s: %v", name, outcome, err)
		}
		if name == "nothing" && outcome != "used" || slices.Contains(certain, name) && outcome != "set aside" {
			t.Errorf("%s: %s", name, outcome)
		}
		outcomes[outcome]++
	}
	t.Logf("%d pages, %v", len(good)/page, outcomes)
}

// Damage that SQLite cannot see: a value is another one. All of it could make
// records count as delivered that are not.
func TestWrongRow(t *testing.T) {
	good := sound(t)
	for i, change := range []string{
		"UPDATE blobs SET done = 1 WHERE content_id LIKE '%000000003$%'",
		"UPDATE blobs SET records = records + 64 WHERE content_id LIKE '%000000007$%'",
		"UPDATE blobs SET keep_until = keep_until + 4096 WHERE content_id LIKE '%000000007$%'",
		"UPDATE blobs SET content_id = replace(content_id, '000000007$', '000000717$') WHERE content_id LIKE '%000000007$%'",
		"UPDATE blobs SET stream = 2 WHERE content_id LIKE '%000000007$%'",
		"UPDATE blobs SET records = 'seven' WHERE content_id LIKE '%000000007$%'",
		"UPDATE streams SET content_type = 'Audit.General'",
		"DELETE FROM streams",
		"UPDATE keys SET keys = zeroblob(16) WHERE id = 2",
		"UPDATE keys SET keys = substr(keys, 1, 15) WHERE id = 2",
		"UPDATE spans SET start = start - 4096",
		"UPDATE spans SET stop = stop + 4096",
		"UPDATE since SET start = start + 4096",
		"UPDATE gaps SET reason = 'none'",
		"DROP TABLE spans",
		"ALTER TABLE blobs RENAME COLUMN done TO dome",
	} {
		path := filepath.Join(scratch(t), fmt.Sprint(i))
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		result, err := db.Exec(change)
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := result.RowsAffected(); n == 0 && !strings.Contains(change, " TABLE ") {
			t.Fatalf("%s: no such row", change)
		}
		db.Close()
		outcome, known, err := examine(path)
		if outcome != "set aside" || err != nil {
			t.Errorf("%s: %s, %v", change, outcome, err)
		}
		if lost := strings.Contains(change, "since") || strings.Contains(change, "streams"); known == lost {
			t.Errorf("%s: since when known: %v", change, known)
		}
	}
}

// examine opens a damaged ledger as often as a restart would, and returns what
// became of it and whether it knows since when it collects.
func examine(path string) (outcome string, since bool, err error) {
	var log lines
	opt := Options{DedupMax: 20000, Log: log.log, Now: at(start)}
	l, err := tryOpen(path, opt)
	if err != nil {
		if strings.Contains(err.Error(), "newer version") || strings.Contains(err.Error(), "of another program") {
			return "refused", false, nil // bits of the version or the application id
		}
		return "not opened", false, err
	}
	defer l.Close()
	aside, _ := filepath.Glob(path + ".corrupt-*")
	outcome = "used"
	if len(aside) > 0 {
		outcome = "set aside"
	}
	if len(log) != len(aside) {
		return outcome, since, fmt.Errorf("%d lines, but %v: %q", len(log), aside, log)
	}
	asked := start.Add(time.Hour)
	from, err := l.Since(exchange, asked)
	if since = from.Equal(start); err != nil || !since && !from.Equal(asked) {
		return outcome, since, fmt.Errorf("since %v, %w", from, err)
	}
	known := 0
	for n := range 2 * written {
		d := delivery(n)
		p := l.Progress(d.Stream, d.Blob)
		if p != (Progress{}) && (n >= written || p != Progress{d.Through, d.Done}) {
			return outcome, since, fmt.Errorf("delivery %d: %v", n, p)
		}
		if p.Records > 0 {
			known++
		}
		for _, k := range d.Keys {
			if !claim(l, k) && n >= written {
				return outcome, since, fmt.Errorf("delivery %d: key is known", n)
			}
		}
	}
	if spans := l.Completed(exchange); len(spans) > 0 && !slices.Equal(spans, complete) {
		return outcome, since, fmt.Errorf("complete: %v", spans)
	}
	if outcome == "set aside" && known > 0 {
		return outcome, since, fmt.Errorf("%d deliveries of the damaged file in the new one", known)
	}
	// It must be of use from now on, whatever is wrong with its free pages.
	for n := range 3 {
		if err := l.Confirm([]Delivery{delivery(5000 + n)}); err != nil {
			return outcome, since, err
		}
	}
	l.Close()
	next, err := tryOpen(path, opt)
	if err != nil {
		return outcome, since, fmt.Errorf("next start: %w", err)
	}
	defer next.Close()
	if next.Progress(exchange, delivery(5002).Blob) == (Progress{}) {
		return outcome, since, errors.New("not there after the next start")
	}
	return outcome, since, nil
}

// What a kill in the middle of a transaction leaves: pages of it are in the
// database already, and the journal has the old ones.
func TestHotJournal(t *testing.T) {
	dir := scratch(t)
	path := filepath.Join(dir, "o365.db")
	l := open(t, path, Options{DedupMax: 20000})
	if err := l.Confirm([]Delivery{delivery(0), delivery(1)}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := l.store.(*sqliteStore)
	var tx transaction
	for n := range 500 {
		tx.blobs = append(tx.blobs, l.state.deliver([]Delivery{delivery(10 + n)}, start).blobs...)
	}
	if err := errors.Join(f.exec("PRAGMA cache_size = 1"), f.exec("BEGIN IMMEDIATE"), f.addBlobs(tx)); err != nil {
		t.Fatal(err)
	}
	killed := filepath.Join(dir, "killed.db")
	for _, suffix := range []string{"", "-journal"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if suffix == "" && bytes.Equal(b, before) {
			t.Fatal("the transaction has not touched the database: this test tests nothing")
		}
		if err := os.WriteFile(killed+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, killed, Options{DedupMax: 20000, Log: func(_ logging.Level, line string) { t.Error(line) }})
	for n := range 600 {
		if known(t, again, delivery(n)) != (n < 2) {
			t.Errorf("delivery %d", n)
		}
	}
}
