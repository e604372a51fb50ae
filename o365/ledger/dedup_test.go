package ledger

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// A record is known by its Id and by what is in it.
func TestSameIDOtherContent(t *testing.T) {
	const id, a, b, c = 8, 1, 2, 3
	path := filepath.Join(scratch(t), "o365.db")
	l := open(t, path, Options{})
	expect := func(content uint64, want Verdict) Key {
		t.Helper()
		k, verdict := claimOne(l, keyOf(id, content))
		if verdict != want {
			t.Errorf("content %d: %v, want %v", content, verdict, want)
		}
		return k
	}
	confirm := func(keys ...Key) {
		t.Helper()
		if err := l.Confirm([]Delivery{{Stream: exchange, Blob: "b", Created: start, Keys: keys}}); err != nil {
			t.Fatal(err)
		}
	}
	first := expect(a, New)
	further := expect(b, Changed)
	expect(a, Known)
	expect(b, Known)
	l.Release([]Key{further})
	further = expect(b, Changed)
	confirm(first, further)
	for range 2 {
		expect(a, Known)
		expect(b, Known)
		l.Release([]Key{expect(c, Changed)})
		l.Close()
		l = open(t, path, Options{})
	}

	// When a first content is given up, or forgotten, its further ones stay.
	l = open(t, "", Options{DedupMax: 9}) // a key a generation
	first = expect(a, New)
	further = expect(b, Changed)
	l.Release([]Key{first})
	expect(b, Known)
	confirm(further)
	expect(b, Known)
	first = expect(a, New)
	expect(b, Known)
	expect(c, Changed)
	confirm(first)
	for n := range uint64(8) {
		confirm(keyOf(100+2*n, 0))
	}
	expect(b, Changed) // which is forgotten by now
	expect(a, Known)
}

// The key of a first content may go before those of further ones.
func TestFirstContentIsForgotten(t *testing.T) {
	l := open(t, "", Options{DedupMax: 9})
	for _, content := range []uint64{1, 2} {
		k, _ := claimOne(l, keyOf(8, content))
		if err := l.Confirm([]Delivery{{Stream: exchange, Blob: "b", Keys: []Key{k}}}); err != nil {
			t.Fatal(err)
		}
	}
	for n := range uint64(8) {
		if err := l.Confirm([]Delivery{{Stream: exchange, Blob: "b", Keys: []Key{keyOf(100+2*n, 0)}}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, verdict := claimOne(l, keyOf(8, 2)); verdict != Known {
		t.Errorf("the further content: %v", verdict)
	}
	if _, verdict := claimOne(l, keyOf(8, 1)); verdict != New {
		t.Errorf("the first content: %v", verdict)
	}
}

// A claim that is confirmed or released late does not touch a newer one.
func TestLateRelease(t *testing.T) {
	l := open(t, "", Options{})
	old, _ := claimOne(l, keyOf(8, 1))
	l.Release([]Key{old})
	claimOne(l, keyOf(8, 2))
	l.Release([]Key{old})
	if _, verdict := claimOne(l, keyOf(8, 2)); verdict != Known {
		t.Error(verdict)
	}
}

// One Id, a million times with another content, costs as much as a million Ids.
func TestOneIDForever(t *testing.T) {
	n := 1_000_000
	if brief() {
		n = 100_000
	}
	cost := func(key func(i uint64) Key, want Verdict) (time.Duration, uint64) {
		l, err := tryOpen("", Options{DedupMax: n, Now: at(start)})
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begun := time.Now()
		var keys []Key
		for i := range uint64(n) {
			k, verdict := claimOne(l, key(i))
			if verdict != want && i > 0 {
				t.Fatalf("%d: %v, want %v", i, verdict, want)
			}
			if keys = append(keys, k); len(keys) == 1000 {
				if err := l.Confirm([]Delivery{{Stream: exchange, Blob: "b", Keys: keys}}); err != nil {
					t.Fatal(err)
				}
				keys = nil
			}
		}
		took := time.Since(begun)
		runtime.GC()
		runtime.ReadMemStats(&after)
		for i := range uint64(n) {
			if _, verdict := claimOne(l, key(i)); verdict != Known && i > uint64(n)/8 {
				t.Fatalf("%d is forgotten", i)
			}
		}
		runtime.KeepAlive(l)
		return took, (after.HeapAlloc - before.HeapAlloc) / uint64(n)
	}
	random := rand.New(rand.NewPCG(1, 1))
	contents := make([]uint64, n)
	for i := range contents {
		contents[i] = random.Uint64()
	}
	one, oneBytes := cost(func(i uint64) Key { return keyOf(8, contents[i]) }, Changed)
	many, manyBytes := cost(func(i uint64) Key { return keyOf(contents[i], 8) }, New)
	t.Logf("one Id: %v, %d bytes a key; many: %v, %d bytes a key", one, oneBytes, many, manyBytes)
	if oneBytes > manyBytes+2 || one > 10*many+time.Second {
		t.Errorf("one Id: %v, %d bytes a key; many: %v, %d bytes a key", one, oneBytes, many, manyBytes)
	}
}

// schema1File makes a file as version 1 left it, with rows of n keys each.
func schema1File(t *testing.T, path string, rows ...keyRow) {
	t.Helper()
	if err := prepareFiles(path); err != nil {
		t.Fatal(err)
	}
	f := &sqliteStore{path: path, now: at(start), ctx: background}
	err := errors.Join(f.reconnect(), // which makes the present schema
		f.exec("DROP TABLE keys; PRAGMA user_version = 1"),
		f.setSince(transaction{since: map[source.Stream]time.Time{exchange: start}}))
	for _, r := range rows {
		var packed []byte
		for _, k := range r.keys {
			packed = append(packed, k[:]...)
		}
		err = errors.Join(err, f.exec("INSERT INTO record_keys (id, confirmed, keys, checksum) VALUES (?, ?, ?, ?)",
			r.id, r.time, packed, checksum([]int64{r.id, r.time}, string(packed))))
	}
	if err := errors.Join(err, f.disconnect()); err != nil {
		t.Fatal(err)
	}
}

// A file of schema 1 goes on: what it knows is known until it is too old.
func TestUpgrade(t *testing.T) {
	path := filepath.Join(scratch(t), "o365.db")
	old := []keyRow{row(4, start.Unix()-3600, 30), row(5, start.Unix(), 40)}
	schema1File(t, path, old...)
	now := start
	opt := Options{DedupMax: 1000, DedupWindow: 24 * time.Hour, Now: func() time.Time { return now },
		Log: func(_ logging.Level, line string) { t.Error(line) }}
	fresh := keyOf(8, 1)
	for opened := range 3 {
		l := open(t, path, opt)
		since(t, l, start.Add(time.Hour), start)
		if !l.HasOldKeys() {
			t.Fatal("no old keys")
		}
		for _, r := range old {
			for _, k := range r.keys {
				if !l.KnowsOldKey(k) {
					t.Fatalf("opened %d times: %x is not known", opened, k)
				}
				if !claim(l, k) {
					t.Fatalf("%x is known as a key of a record with its content", k)
				}
				l.Release([]Key{k})
			}
		}
		if l.KnowsOldKey(Key{9}) {
			t.Error("another old key is known")
		}
		if claim(l, fresh) != (opened == 0) {
			t.Errorf("opened %d times: the new key", opened)
		}
		if err := l.Confirm([]Delivery{{Stream: exchange, Blob: "b", Created: start, Keys: []Key{fresh.first()}}}); err != nil {
			t.Fatal(err)
		}
		if n := count(t, l, "PRAGMA user_version"); n != 2 {
			t.Errorf("schema %d", n)
		}
		l.Close()
	}
	now = start.Add(opt.DedupWindow + opt.DedupWindow/generationsPerWindow + time.Second)
	for range 2 {
		l := open(t, path, opt)
		if err := l.Prune(now); err != nil {
			t.Fatal(err)
		}
		if l.HasOldKeys() || l.KnowsOldKey(old[1].keys[0]) || count(t, l, "SELECT count(*) FROM record_keys") != 0 {
			t.Error("old keys stay")
		}
		l.Close()
	}
}

// Old keys count among the most that are remembered, and go first.
func TestOldKeysGoFirst(t *testing.T) {
	path := filepath.Join(scratch(t), "o365.db")
	schema1File(t, path, row(1, start.Unix(), 80))
	l := open(t, path, Options{DedupMax: 90})
	for n := range uint64(9) {
		if l.HasOldKeys() != (n < 9) {
			t.Errorf("after %d keys: old ones are known: %v", 10*n, l.HasOldKeys())
		}
		var keys []Key
		for i := range uint64(10) {
			keys = append(keys, keyOf(1000+20*n+2*i, 0))
		}
		if err := l.Confirm([]Delivery{{Stream: exchange, Blob: "b", Created: start, Keys: keys}}); err != nil {
			t.Fatal(err)
		}
		if l.state.keys.total > 90 {
			t.Errorf("%d keys", l.state.keys.total)
		}
	}
	if l.HasOldKeys() {
		t.Error("old keys are known")
	}
	if n := count(t, l, "SELECT count(*) FROM record_keys"); n > 1 {
		t.Errorf("%d old rows", n)
	}
}

// Damage in the rows of schema 1 is found as well.
func TestDamagedOldKeys(t *testing.T) {
	path := filepath.Join(scratch(t), "o365.db")
	schema1File(t, path, row(1, start.Unix(), 20))
	f := &sqliteStore{path: path, now: at(start), ctx: background}
	if err := errors.Join(f.reconnect(), f.exec("UPDATE record_keys SET keys = zeroblob(320)"), f.disconnect()); err != nil {
		t.Fatal(err)
	}
	var log lines
	l := open(t, path, Options{Log: log.log})
	if len(log) != 1 || !strings.Contains(log[0], "is damaged") || l.HasOldKeys() {
		t.Errorf("%q", log)
	}
	since(t, l, start.Add(time.Hour), start)
}

func TestFurther(t *testing.T) {
	seen := make(map[Key]string)
	for id := range uint64(100) {
		for content := range uint64(100) {
			name := fmt.Sprint(2*id, " ", content)
			for _, k := range []Key{keyOf(2*id, content), keyOf(2*id, content).further()} {
				if other, ok := seen[k]; ok {
					t.Fatalf("%s has the key of %s", name, other)
				}
				seen[k] = name
			}
			if k := keyOf(2*id, content).further(); !k.isFurther() || k.content() != content {
				t.Fatalf("%x", k)
			}
		}
	}
	if k := keyOf(8, 1).further(); fmt.Sprintf("%x", k) != "4468c4490e5a574d0000000000000001" {
		t.Errorf("keys are stored, and must be the same in every version: %x", k)
	}
}
