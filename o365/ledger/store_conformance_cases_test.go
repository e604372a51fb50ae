package ledger

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func storeNew(t *testing.T, place storePlace) {
	c := newCase(t, place)
	c.close(t)
	c.holds(t, "after nothing")
	c.close(t)
}

func storeReopened(t *testing.T, place storePlace) {
	c := newCase(t, place)
	for i, tx := range everything() {
		c.commit(t, tx)
		c.close(t)
		c.holds(t, fmt.Sprint("after transaction ", i))
	}
}

func storeKilled(t *testing.T, place storePlace) {
	c := newCase(t, place)
	for i, tx := range everything() {
		c.commit(t, tx)
		c.place = c.place.crash(t, c.store, nil)
		c.holds(t, fmt.Sprint("after transaction ", i))
	}
}

// The transaction under way has more than fits into a store's cache.
func storeKilledInCommit(t *testing.T, place storePlace) {
	c := newCase(t, place)
	c.commit(t, everything()...)
	tx := transaction{keyRows: []keyRow{row(10, start.Unix(), 60000)}, gaps: []Gap{{exchange, hours(-2, -1), "lost", start}}}
	for n := range 500 {
		tx.blobs = append(tx.blobs, blobOf(exchange, fmt.Sprint("blob ", n), 5, start.Add(time.Duration(n)*time.Hour)))
	}
	left := c.place.crash(t, c.store, &tx)
	without, with := emptyState(t), emptyState(t)
	if place.durable() {
		for _, tx := range c.committed {
			without.apply(tx)
			with.apply(tx)
		}
		with.apply(tx)
	}
	got := storedIn(load(t, left.store(t)))
	if !reflect.DeepEqual(got, storedIn(without)) && !reflect.DeepEqual(got, storedIn(with)) {
		t.Fatalf("part of it is stored: %d blobs, %d keys, gaps %v", len(got.Blobs), len(got.Keys), got.Gaps)
	}
}

func storeBlocked(t *testing.T, place storePlace) {
	c := newCase(t, place)
	all := everything()
	c.commit(t, all[:5]...)
	undo := place.block(t)
	for range 2 {
		if err := c.store.commit(all[5]); err == nil || errors.Is(err, ErrLocked) {
			t.Fatalf("got %v", err)
		}
	}
	undo()
	c.commit(t, all[6]) // what failed is no condition for another
	c.commit(t, all[5:]...)
	c.close(t)
	c.holds(t, "after failed commits")
}

// The store has committed, but the ledger was answered with an error. It commits
// the same again, with what came meanwhile.
func storeRepeated(t *testing.T, place storePlace) {
	c := newCase(t, place)
	for i, tx := range everything() {
		if err := c.store.commit(tx); err != nil {
			t.Fatal(err)
		}
		c.commit(t, tx)
		c.close(t)
		c.holds(t, fmt.Sprint("after transaction ", i, " came twice"))
	}
	keys := row(10, start.Unix(), 30).keys
	if err := c.store.commit(transaction{keyRows: splitKeys(keys[:15], 10, start.Unix(), 10)}); err != nil {
		t.Fatal(err)
	}
	c.commit(t, transaction{keyRows: splitKeys(keys, 10, start.Unix(), 10)})
	c.close(t)
	c.holds(t, "after a transaction that grew")
}

func storeDoesNotKeep(t *testing.T, place storePlace) {
	c := newCase(t, place)
	for i, tx := range everything() {
		given := cloneTransaction(tx)
		if err := c.store.commit(given); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(given, tx) {
			t.Errorf("transaction %d was changed", i)
		}
		c.committed = append(c.committed, tx)
		clear(given.blobs)
		clear(given.gaps)
		clear(given.since)
		for _, r := range given.keyRows {
			clear(r.keys)
		}
		for _, spans := range given.spans {
			clear(spans)
		}
	}
	c.close(t)
	c.holds(t, "after its transactions were overwritten")
}

func storeEmpty(t *testing.T, place storePlace) {
	c := newCase(t, place)
	c.commit(t, transaction{}, transaction{keyRowsFrom: 5}, everything()[1], transaction{})
	c.close(t)
	c.holds(t, "after empty transactions")
}

// Deletions may lag, and must not reach further than they say.
func storeExpired(t *testing.T, place storePlace) {
	c := newCase(t, place)
	now := start.Add(10 * 24 * time.Hour)
	tx := transaction{keyRows: []keyRow{row(1, now.Unix(), 10), row(2, now.Unix(), 10), row(3, now.Unix(), 10)}}
	for n := range 20 {
		tx.blobs = append(tx.blobs, blobOf(exchange, fmt.Sprint(n), 5, start.Add(time.Duration(n)*24*time.Hour)))
		tx.gaps = append(tx.gaps, Gap{exchange, hours(n, n+1), "expired", start.Add(time.Duration(n) * 24 * time.Hour)})
	}
	c.commit(t, tx)
	expiry := transaction{keyRowsFrom: 2, expiredAt: now, gapsFrom: start.Add(5 * 24 * time.Hour)}
	for range 3 {
		c.commit(t, expiry)
	}
	c.close(t)
	if !place.durable() {
		c.holds(t, "after it forgot")
		return
	}
	got := storedIn(load(t, place.store(t)))
	for _, b := range tx.blobs {
		if e, ok := got.Blobs[b.key]; e != b.entry && (ok || int64(b.keepUntil) >= now.Unix()) {
			t.Errorf("blob %s: %v", b.id, e)
		}
	}
	for _, r := range tx.keyRows[1:] {
		for _, k := range r.keys {
			if _, ok := slices.BinarySearchFunc(got.Keys, k, func(a, b Key) int { return slices.Compare(a[:], b[:]) }); !ok {
				t.Errorf("key %x of row %d is gone", k, r.id)
			}
		}
	}
	gaps := got.Gaps[exchange]
	if kept := tx.gaps[5:]; len(gaps) < len(kept) || !slices.Equal(gaps[len(gaps)-len(kept):], kept) {
		t.Errorf("gaps %v", gaps)
	}
}

// One of two stores over a place owns it, and the other finds out: in load, or
// in commit.
func storeOwners(t *testing.T, place storePlace) {
	if !place.durable() {
		t.Skip("no two stores share a place")
	}
	all := everything()
	a := newCase(t, place)
	a.commit(t, all[0], all[1])
	b := &storeCase{place: place, store: place.store(t)}
	st, err := b.store.load(storeOptions(t), emptyState(t).retention)
	if errors.Is(err, ErrLocked) {
		a.commit(t, all[2])
		a.close(t)
		st = load(t, b.store)
	} else if err != nil {
		t.Fatal(err)
	} else {
		for range 2 {
			if err := a.store.commit(all[2]); !errors.Is(err, ErrLocked) {
				t.Fatalf("the owner before commits: %v", err)
			}
		}
		b.commit(t, all[2])
		a.committed = append(a.committed, all[2])
	}
	want := emptyState(t)
	for _, tx := range a.committed {
		want.apply(tx)
	}
	if err == nil { // b was loaded before its own commit
		st.apply(all[2])
	}
	if got := storedIn(st); !reflect.DeepEqual(got, storedIn(want)) {
		t.Fatalf("the second owner has %v", got)
	}
	if err != nil {
		return
	}
	got := storedIn(load(t, a.store)) // which takes the place back
	if !reflect.DeepEqual(got, storedIn(want)) {
		t.Fatalf("after a lost race: %v", got)
	}
	a.commit(t, all[3])
	if err := b.store.commit(all[4]); !errors.Is(err, ErrLocked) {
		t.Fatalf("who lost the place commits: %v", err)
	}
	a.close(t)
	a.holds(t, "after two owners")
}

// What a ledger acknowledges is there after a restart, and nothing else.
func storeUnderLedger(t *testing.T, place storePlace) {
	open := func() *Ledger {
		opt := storeOptions(t)
		opt.DedupMax = 1000
		l, err := openStore(place.store(t), opt)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := open()
	spans := []source.Span{hours(-1, 0), hours(-3, -2)}
	gaps := []Gap{{dlp, spans[1], "expired", start}, {dlp, spans[0], "refused", start.Add(time.Second)}}
	for n := range 50 {
		if err := l.Confirm([]Delivery{delivery(2 * n), delivery(2*n + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(l.Complete(dlp, spans...), l.AddGap(gaps[0]), l.AddGap(gaps[1]), l.AddGap(gaps[0])); err != nil {
		t.Fatal(err)
	}
	since(t, l, start.Add(-time.Second/2), start.Add(-time.Second))
	claim(l, Key{9})
	for _, reopened := range []bool{false, true} {
		if reopened {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if err := l.Confirm([]Delivery{delivery(1)}); !errors.Is(err, ErrClosed) {
				t.Errorf("Confirm after Close: %v", err)
			}
			if !place.durable() {
				return
			}
			l = open()
			if !claim(l, Key{9}) {
				t.Error("a claimed key was stored")
			}
		}
		since(t, l, start.Add(time.Hour), start.Add(-time.Second))
		for n := range 100 {
			if !known(t, l, delivery(n)) {
				t.Errorf("reopened %v: delivery %d is not known", reopened, n)
			}
		}
		if known(t, l, delivery(100)) {
			t.Errorf("reopened %v: delivery 100 is known", reopened)
		}
		if got := l.Completed(dlp); !slices.Equal(got, []source.Span{spans[1], spans[0]}) {
			t.Errorf("reopened %v: %v", reopened, got)
		}
		if got := l.Gaps(dlp); !slices.Equal(got, gaps) {
			t.Errorf("reopened %v: %v", reopened, got)
		}
		if len(l.Completed(exchange))+len(l.Gaps(exchange)) > 0 {
			t.Errorf("reopened %v: a stream got what is not its own", reopened)
		}
	}
	l.Close()
}
