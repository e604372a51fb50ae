package ledger

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// TestStores holds every store to the contract of store. TestModel runs them under
// a ledger besides.
func TestStores(t *testing.T) {
	for name, newPlace := range storePlaces {
		t.Run(name, func(t *testing.T) { testStore(t, newPlace) })
	}
}

func testStore(t *testing.T, newPlace func(*testing.T) storePlace) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, storePlace)
	}{
		{"a new place is empty", storeNew},
		{"closed and loaded", storeReopened},
		{"killed after a commit", storeKilled},
		{"killed during a commit", storeKilledInCommit},
		{"a commit that fails", storeBlocked},
		{"a commit whose answer is lost", storeRepeated},
		{"a transaction is not kept", storeDoesNotKeep},
		{"an empty transaction", storeEmpty},
		{"what has expired", storeExpired},
		{"two owners", storeOwners},
		{"a ledger", storeUnderLedger},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, newPlace(t)) })
	}
}

// stored is what a state has, for comparison.
type stored struct {
	Blobs map[Key]entry
	Keys  []Key
	Since map[source.Stream]time.Time
	Spans map[source.Stream][]source.Span
	Gaps  map[source.Stream][]Gap
}

func storedIn(st state) stored {
	got := stored{Blobs: make(map[Key]entry), Since: st.since, Spans: st.spans, Gaps: st.gaps}
	for _, day := range st.blobs {
		maps.Copy(got.Blobs, day.entries)
	}
	for _, g := range st.keys.gens {
		g.keys.each(func(k Key) { got.Keys = append(got.Keys, k) })
	}
	slices.SortFunc(got.Keys, func(a, b Key) int { return slices.Compare(a[:], b[:]) })
	return got
}

func emptyState(t *testing.T) state {
	t.Helper()
	r, err := newRetentions(sevenDays)
	if err != nil {
		t.Fatal(err)
	}
	return newState(storeOptions(t), r)
}

// load loads a store that must have no trouble.
func load(t *testing.T, s store) state {
	t.Helper()
	st, err := s.load(storeOptions(t), emptyState(t).retention)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// holds fails unless a new store over the place loads what the transactions make.
func (c *storeCase) holds(t *testing.T, what string) {
	t.Helper()
	want := emptyState(t)
	if c.place.durable() {
		for _, tx := range c.committed {
			want.apply(tx)
		}
	}
	s := c.place.store(t)
	if got, want := storedIn(load(t, s)), storedIn(want); !reflect.DeepEqual(got, want) {
		t.Fatalf("%s:\n got %v\nwant %v", what, got, want)
	}
	c.store = s
}

// storeCase is a place, a store over it, and what was committed.
type storeCase struct {
	place     storePlace
	store     store
	committed []transaction
}

func newCase(t *testing.T, place storePlace) *storeCase {
	t.Helper()
	c := &storeCase{place: place, store: place.store(t)}
	if got := storedIn(load(t, c.store)); !reflect.DeepEqual(got, storedIn(emptyState(t))) {
		t.Fatalf("a new place has %v", got)
	}
	return c
}

func (c *storeCase) commit(t *testing.T, txs ...transaction) {
	t.Helper()
	for _, tx := range txs {
		if err := c.store.commit(tx); err != nil {
			t.Fatal(err)
		}
		c.committed = append(c.committed, tx)
	}
}

func (c *storeCase) close(t *testing.T) {
	t.Helper()
	if err := c.store.close(); err != nil {
		t.Fatal(err)
	}
}

var dlp = source.Stream{Tenant: "t2 with spaces", ContentType: "DLP.All"}

func hours(from, to int) source.Span {
	return source.Span{From: start.Add(time.Duration(from) * time.Hour), To: start.Add(time.Duration(to) * time.Hour)}
}

// blobOf is a blob with so many records acknowledged.
func blobOf(st source.Stream, id string, records uint32, keepUntil time.Time) blob {
	return blob{stream: st, id: id, key: blobKey(st, id), created: start.Unix(), entry: entry{uint32(keepUntil.Unix()), records << 1}}
}

// everything is a number of transactions with all that one may have, and all that
// a later one may do to an earlier one.
func everything() []transaction {
	later := start.Add(8 * 24 * time.Hour)
	done := blobOf(exchange, "one", 7, later)
	done.records |= 1
	return []transaction{
		{since: map[source.Stream]time.Time{exchange: start, dlp: start.Add(-time.Hour)}},
		{blobs: []blob{blobOf(exchange, "one", 3, later), blobOf(dlp, "one", 4, later.Add(24*time.Hour))}, keyRows: []keyRow{row(1, start.Unix(), 10)}},
		{blobs: []blob{done, blobOf(exchange, strings.Repeat("long '\"\x00é", 20), 1<<31-1, later)}},
		{keyRows: []keyRow{row(2, start.Unix(), 300), row(3, start.Unix(), 300), row(4, start.Unix(), 1)}, keyRowsFrom: 1},
		{keyRows: []keyRow{{id: 9, time: start.Unix(), keys: []Key{{}, {7: 1, 8: 1}}}}},
		{spans: map[source.Stream][]source.Span{exchange: {hours(-5, -4), hours(-3, -2)}, dlp: {hours(-1, 0)}}},
		{spans: map[source.Stream][]source.Span{exchange: {hours(-5, -1)}}},
		{spans: map[source.Stream][]source.Span{dlp: nil}},
		{gaps: []Gap{{exchange, hours(-5, -4), "expired", start}, {dlp, hours(-5, -4), "refused: é\n", start.Add(time.Second)}}},
		{gaps: []Gap{{exchange, hours(-9, -8), "expired", start}}},
		{gaps: []Gap{{exchange, hours(-9, -8), "blob a: gone", start}, {exchange, hours(-9, -7), "blob b: gone", start}, {dlp, hours(-9, -8), "expired", start}}},
		{removed: []Gap{{exchange, hours(-9, -8), "blob a: gone", start}, {dlp, hours(-9, -8), "expired", start}}, gaps: []Gap{{exchange, hours(-9, -6), "blob c: gone", start}}},
	}
}
