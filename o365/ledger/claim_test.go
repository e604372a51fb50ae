package ledger

import (
	"database/sql"
	"encoding/binary"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
)

// isNew claims a key that schema 1 does not know.
func isNew(l *Ledger, k Key) bool {
	_, claimed := l.Claim(k, Key{})
	return claimed == New
}

// of is the key of an Id and a content.
func of(id, content int) (k Key) {
	binary.BigEndian.PutUint64(k[:half], uint64(id))
	binary.BigEndian.PutUint64(k[half:], uint64(content))
	return k
}

// What the same Id and the same content say, claimed, confirmed, and read again.
func TestClaimById(t *testing.T) {
	for _, path := range []string{"", filepath.Join(t.TempDir(), "o365.db")} {
		opt := Options{DedupMax: 1000, DedupWindow: time.Hour, Log: health.Log(nil)}
		l, err := Open(path, opt)
		if err != nil {
			t.Fatal(err)
		}
		claim := func(id, content int, want Claimed) Key {
			t.Helper()
			k, got := l.Claim(of(id, content), Key{})
			if got != want {
				t.Errorf("Id %d with content %d: %v, want %v", id, content, got, want)
			}
			return k
		}
		first := claim(1, 10, New)
		second := claim(1, 11, Conflict)
		claim(1, 10, Known)
		claim(1, 11, Known)
		claim(2, 10, New)
		if first != of(1, 10) || second == of(1, 11) {
			t.Errorf("claimed as %x and %x", first, second)
		}
		l.Release([]Key{second})
		claim(1, 10, Known)
		second = claim(1, 11, Conflict)
		confirm := func(keys ...Key) {
			t.Helper()
			if err := l.Confirm([]Delivery{{Stream: exchange, Blob: "x", Created: time.Now(), Keys: keys, Through: 1}}); err != nil {
				t.Fatal(err)
			}
		}
		confirm(first, second)
		third := claim(1, 12, Conflict)
		confirm(third)
		if path != "" {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if l, err = Open(path, opt); err != nil {
				t.Fatal(err)
			}
		}
		for content, want := range map[int]Claimed{10: Known, 11: Known, 12: Known, 13: Conflict} {
			claim(1, content, want)
		}
		l.Close()
	}
}

// However often one Id comes with another content, each is found at once.
func TestOneIdWithManyContents(t *testing.T) {
	const n = 200_000
	l, err := Open("", Options{DedupMax: n})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	keys := make([]Key, 0, n)
	for content := range n {
		k, claimed := l.Claim(of(1, content), Key{})
		if claimed != Conflict && content > 0 {
			t.Fatalf("content %d: %v", content, claimed)
		}
		keys = append(keys, k)
	}
	if err := l.Confirm([]Delivery{{Stream: exchange, Blob: "x", Created: time.Now(), Keys: keys, Through: 1}}); err != nil {
		t.Fatal(err)
	}
	for content := range n {
		if _, claimed := l.Claim(of(1, content), Key{}); claimed != Known {
			t.Fatalf("content %d: %v", content, claimed)
		}
	}
	t.Logf("%v for each", time.Since(begun)/(2*n))
}

// Claims and confirmations of any records agree with a plain set.
func TestClaimsAgreeWithASet(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	l, err := Open("", Options{DedupMax: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	type record struct{ id, content int }
	seen, ids := map[record]bool{}, map[int]bool{}
	var waiting []Key
	for range 200_000 {
		r := record{random.IntN(3000), random.IntN(8)}
		k, got := l.Claim(of(r.id, r.content), Key{})
		want := New
		switch {
		case seen[r]:
			want = Known
		case ids[r.id]:
			want = Conflict
		}
		if got != want {
			t.Fatalf("%+v: %v, want %v", r, got, want)
		}
		if got == Known {
			continue
		}
		seen[r], ids[r.id] = true, true
		if waiting = append(waiting, k); len(waiting) > 50 {
			if err := l.Confirm([]Delivery{{Stream: exchange, Blob: "x", Created: time.Now(), Keys: waiting, Through: 1}}); err != nil {
				t.Fatal(err)
			}
			waiting = nil
		}
	}
}

// A file of schema 1 keeps what it knows from coming again, until that is too old.
func TestSchemaOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "o365.db")
	now := time.Now()
	opt := Options{DedupMax: 1000, DedupWindow: 24 * time.Hour, Now: func() time.Time { return now }}
	old := Key{7, 7, 7, 15: 7}
	l, err := Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Confirm([]Delivery{{Stream: exchange, Blob: "x", Created: now, Expires: now.Add(time.Hour), Keys: []Key{old}, Through: 3, Done: true}}); err != nil {
		t.Fatal(err)
	}
	l.Close()
	edit(t, path, "DELETE FROM record_keys; INSERT INTO record_keys SELECT * FROM record_hashes; DROP TABLE record_hashes; PRAGMA user_version = 1")

	for range 2 { // it is upgraded once
		if l, err = Open(path, opt); err != nil {
			t.Fatal(err)
		}
		if _, claimed := l.Claim(of(1, 1), old); claimed != Known || !l.Old() {
			t.Errorf("a record of schema 1: %v, %v", claimed, l.Old())
		}
		if _, claimed := l.Claim(of(1, 1), Key{9}); claimed != New {
			t.Errorf("another record: %v", claimed)
		}
		if p := l.Progress(exchange, "x"); !p.Done || p.Records != 3 {
			t.Errorf("its blob: %+v", p)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(25 * time.Hour)
	if l, err = Open(path, opt); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Prune(now); err != nil {
		t.Fatal(err)
	}
	if _, claimed := l.Claim(of(1, 1), old); claimed != New || l.Old() {
		t.Errorf("after the window: %v, %v", claimed, l.Old())
	}
	if n := countIn(t, path, "SELECT count(*) FROM record_keys"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if matches, _ := filepath.Glob(path + ".corrupt*"); len(matches) > 0 {
		t.Errorf("set aside: %v", matches)
	}
}

// edit changes a file as no ledger does.
func edit(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
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
