package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// subject is a kind of store, which the suite holds to the contract.
type subject struct {
	// open returns a store of an empty container, and a function that returns another
	// one of the same container, as another process would have it.
	open func(t *testing.T) (Store, func() Store)
	// expire lets the term of a lease pass.
	expire func(t *testing.T, s Store, name string, term time.Duration)
	// inMemory tells that uploads may use memory.
	inMemory bool
}

func TestMemory(t *testing.T) {
	conform(t, subject{
		open: func(*testing.T) (Store, func() Store) {
			m := NewMemory()
			return m, func() Store { return m }
		},
		expire: func(_ *testing.T, s Store, name string, _ time.Duration) {
			m := s.(*Memory)
			m.mu.Lock()
			defer m.mu.Unlock()
			m.leases[name].until = time.Now()
		},
		inMemory: true,
	})
}

// conform is the suite.
func conform(t *testing.T, s subject) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s subject)
	}{
		{"nothing there", testNothingThere},
		{"create", testCreate},
		{"seen at commit", testSeenAtCommit},
		{"abort", testAbort},
		{"create what exists", testCreateExisting},
		{"one writer wins", testOneWriterWins},
		{"put", testPut},
		{"one replacement wins", testOneReplacementWins},
		{"counting together", testCountingTogether},
		{"reading while replaced", testReadWhileReplaced},
		{"delete", testDelete},
		{"names", testNames},
		{"bad names", testBadNames},
		{"metadata", testMetadata},
		{"bad metadata", testBadMetadata},
		{"list", testList},
		{"list long", testListLong},
		{"ended context", testEndedContext},
		{"leases", testLeases},
		{"wait: lease that ends", testLeaseEnds},
		{"wait: lease lost", testLeaseLost},
		{"one holder", testOneHolder},
		{"sizes", testSizes},
		{"bounded memory", testBoundedMemory},
	} {
		t.Run(test.name, func(t *testing.T) {
			if strings.HasPrefix(test.name, "wait: ") {
				t.Parallel() // with each other, after the rest
			}
			test.run(t, s)
		})
	}
}

// must fails the test on an error.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%v (%T)", err, err)
		}
		return v
	}
}

func wants(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: error %v, want %v", what, err, want)
	}
}

func create(t *testing.T, s Store, name string, content []byte, metadata Metadata) error {
	t.Helper()
	u := must(s.Create(t.Context(), name))(t)
	defer u.Abort()
	if n, err := u.Write(content); err != nil || n != len(content) {
		t.Fatalf("write: %d of %d, %v", n, len(content), err)
	}
	return u.Commit(metadata)
}

// read returns an object, and checks that all calls say the same of it.
func read(t *testing.T, s Store, name string) ([]byte, Info) {
	t.Helper()
	r, info, err := s.Get(t.Context(), name)
	if err != nil {
		t.Fatalf("get %s: %v", name, err)
	}
	defer r.Close()
	content := must(io.ReadAll(r))(t)
	stat := must(s.Stat(t.Context(), name))(t)
	for listed, err := range s.List(t.Context(), name, "") {
		if err != nil {
			t.Fatal(err)
		}
		if listed.Metadata = stat.Metadata; !same(listed, stat) {
			t.Errorf("listed %+v, stat %+v", listed, stat)
		}
		break
	}
	if !same(info, stat) {
		t.Errorf("get %+v, stat %+v", info, stat)
	}
	if info.Name != name || info.Size != int64(len(content)) || info.Version == "" || info.Modified.IsZero() {
		t.Errorf("%s of %d bytes: %+v", name, len(content), info)
	}
	return content, info
}

func same(a, b Info) bool {
	return a.Name == b.Name && a.Size == b.Size && a.Version == b.Version && a.Modified.Equal(b.Modified) && maps.Equal(a.Metadata, b.Metadata)
}

func testNothingThere(t *testing.T, s subject) {
	store, _ := s.open(t)
	_, _, err := store.Get(t.Context(), "a/b")
	wants(t, "get", err, ErrNotFound)
	_, err = store.Stat(t.Context(), "a/b")
	wants(t, "stat", err, ErrNotFound)
	wants(t, "delete", store.Delete(t.Context(), "a/b"), nil)
	_, err = store.Put(t.Context(), "a/b", nil, nil, "1234")
	wants(t, "put over nothing", err, ErrChanged)
	if got := names(t, store, "", ""); len(got) != 0 {
		t.Errorf("listed %q", got)
	}
}

func testCreate(t *testing.T, s subject) {
	store, other := s.open(t)
	want := Metadata{"records": "17", "from": "2026-11-22T00:00:00Z"}
	wants(t, "commit", create(t, store, "tenant=T/date=2026-11-22/a.json.gz", []byte("content"), want), nil)
	content, info := read(t, other(), "tenant=T/date=2026-11-22/a.json.gz")
	if string(content) != "content" || !maps.Equal(info.Metadata, want) {
		t.Errorf("%q, %+v", content, info)
	}
}

func testSeenAtCommit(t *testing.T, s subject) {
	store, other := s.open(t)
	u := must(store.Create(t.Context(), "a/b"))(t)
	defer u.Abort()
	u.Write(bytes.Repeat([]byte("x"), 3<<20))
	_, err := other().Stat(t.Context(), "a/b")
	wants(t, "stat before the commit", err, ErrNotFound)
	if got := names(t, other(), "", ""); len(got) != 0 {
		t.Errorf("listed before the commit: %q", got)
	}
	wants(t, "commit", u.Commit(nil), nil)
	if _, info := read(t, other(), "a/b"); info.Size != 3<<20 {
		t.Errorf("%+v", info)
	}
	u.Abort()
	read(t, other(), "a/b")
	if err := u.Commit(nil); err == nil {
		t.Error("two commits")
	}
	if _, err := u.Write([]byte("x")); err == nil {
		t.Error("a write after the commit")
	}
}

func testAbort(t *testing.T, s subject) {
	store, _ := s.open(t)
	u := must(store.Create(t.Context(), "a"))(t)
	u.Write(bytes.Repeat([]byte("x"), 2<<20))
	u.Abort()
	if err := u.Commit(nil); err == nil {
		t.Error("commit after an abort")
	}
	wants(t, "another upload", create(t, store, "a", []byte("y"), nil), nil)
	if content, _ := read(t, store, "a"); string(content) != "y" {
		t.Errorf("%q", content)
	}
}

func testCreateExisting(t *testing.T, s subject) {
	store, _ := s.open(t)
	wants(t, "commit", create(t, store, "a", []byte("first"), Metadata{"n": "1"}), nil)
	_, before := read(t, store, "a")
	for _, size := range []int{0, 5, 5 << 20} {
		wants(t, "second", create(t, store, "a", make([]byte, size), Metadata{"n": "2"}), ErrExists)
	}
	if content, info := read(t, store, "a"); string(content) != "first" || !same(before, info) {
		t.Errorf("it has changed: %q, %+v", content, info)
	}
}

func testOneWriterWins(t *testing.T, s subject) {
	for _, size := range []int{10, 2<<20 + 1} {
		store, other := s.open(t)
		var group sync.WaitGroup
		var mu sync.Mutex
		var won []int
		for i := range 6 {
			group.Go(func() {
				err := create(t, other(), "a/b", bytes.Repeat([]byte{byte(i)}, size), Metadata{"writer": fmt.Sprint(i)})
				if err == nil {
					mu.Lock()
					won = append(won, i)
					mu.Unlock()
				} else if !errors.Is(err, ErrExists) {
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		group.Wait()
		if len(won) != 1 {
			t.Fatalf("writers %v of %d bytes have won", won, size)
		}
		content, info := read(t, store, "a/b")
		if !bytes.Equal(content, bytes.Repeat([]byte{byte(won[0])}, size)) || info.Metadata["writer"] != fmt.Sprint(won[0]) {
			t.Errorf("%d bytes %d, %v, of writer %d", len(content), content[0], info.Metadata, won[0])
		}
	}
}

func testDelete(t *testing.T, s subject) {
	store, other := s.open(t)
	wants(t, "commit", create(t, store, "a/b", []byte("1"), Metadata{"n": "1"}), nil)
	_, before := read(t, store, "a/b")
	for range 2 {
		wants(t, "delete", other().Delete(t.Context(), "a/b"), nil)
	}
	_, err := store.Stat(t.Context(), "a/b")
	wants(t, "stat", err, ErrNotFound)
	wants(t, "create again", create(t, store, "a/b", []byte("2"), nil), nil)
	if content, info := read(t, store, "a/b"); string(content) != "2" || info.Metadata != nil || info.Version == before.Version {
		t.Errorf("%q, %+v, before %+v", content, info, before)
	}
	_, err = store.Put(t.Context(), "a/b", []byte("3"), nil, before.Version)
	wants(t, "put of the version before", err, ErrChanged)
}

func names(t *testing.T, s Store, prefix, after string) (all []string) {
	t.Helper()
	for info, err := range s.List(t.Context(), prefix, after) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info.Name)
	}
	return all
}

func testEndedContext(t *testing.T, s subject) {
	store, _ := s.open(t)
	wants(t, "commit", create(t, store, "a", []byte("1"), nil), nil)
	ctx, cancel := context.WithCancel(t.Context())
	u := must(store.Create(ctx, "b"))(t)
	cancel()
	wants(t, "commit", u.Commit(nil), context.Canceled)
	_, err := store.Create(ctx, "c")
	wants(t, "create", err, context.Canceled)
	_, err = store.Put(ctx, "c", nil, nil, "")
	wants(t, "put", err, context.Canceled)
	_, _, err = store.Get(ctx, "a")
	wants(t, "get", err, context.Canceled)
	_, err = store.Stat(ctx, "a")
	wants(t, "stat", err, context.Canceled)
	wants(t, "delete", store.Delete(ctx, "a"), context.Canceled)
	_, err = store.Lease(ctx, "l", minTerm)
	wants(t, "lease", err, context.Canceled)
	for _, err = range store.List(ctx, "", "") {
	}
	wants(t, "list", err, context.Canceled)
	if got := names(t, store, "", ""); !slices.Equal(got, []string{"a"}) {
		t.Errorf("listed %q", got)
	}
}
