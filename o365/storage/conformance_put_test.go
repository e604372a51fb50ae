package storage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func testPut(t *testing.T, s subject) {
	store, other := s.open(t)
	first := must(store.Put(t.Context(), "state/a", []byte("one"), Metadata{"n": "1"}, ""))(t)
	_, err := other().Put(t.Context(), "state/a", []byte("x"), nil, "")
	wants(t, "put as new", err, ErrExists)
	second := must(other().Put(t.Context(), "state/a", []byte("two"), Metadata{"n": "2"}, first))(t)
	content, info := read(t, store, "state/a")
	if string(content) != "two" || info.Version != second || !maps.Equal(info.Metadata, Metadata{"n": "2"}) {
		t.Errorf("%q, %+v, want version %s", content, info, second)
	}
	_, err = store.Put(t.Context(), "state/a", []byte("x"), nil, first)
	wants(t, "put of an old version", err, ErrChanged)
	third := must(store.Put(t.Context(), "state/a", []byte("two"), nil, second))(t)
	if content, info := read(t, store, "state/a"); string(content) != "two" || info.Version != third || info.Metadata != nil {
		t.Errorf("%q, %+v", content, info)
	}
	if third == second || second == first || third == first {
		t.Errorf("versions %q, %q, %q", first, second, third)
	}
	wants(t, "create", create(t, store, "state/a", nil, nil), ErrExists)
	wants(t, "delete", store.Delete(t.Context(), "state/a"), nil)
	_, err = store.Put(t.Context(), "state/a", []byte("x"), nil, third)
	wants(t, "put of a deleted one", err, ErrChanged)
	large := bytes.Repeat([]byte("0123456789abcdef"), 4<<20/16)
	must(store.Put(t.Context(), "state/a", large, nil, ""))(t)
	if content, _ := read(t, store, "state/a"); !bytes.Equal(content, large) {
		t.Errorf("%d bytes have changed", len(content))
	}
}

func testOneReplacementWins(t *testing.T, s subject) {
	store, other := s.open(t)
	version := must(store.Put(t.Context(), "a", []byte("0"), nil, ""))(t)
	for range 5 {
		var group sync.WaitGroup
		won := make(chan Version, 6)
		for i := range 6 {
			group.Go(func() {
				v, err := other().Put(t.Context(), "a", []byte(strconv.Itoa(i)), Metadata{"writer": strconv.Itoa(i)}, version)
				if err == nil {
					won <- v
				} else if !errors.Is(err, ErrChanged) {
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
		group.Wait()
		if len(won) != 1 {
			t.Fatalf("%d writers have replaced one version", len(won))
		}
		version = <-won
		if content, info := read(t, store, "a"); info.Version != version || info.Metadata["writer"] != string(content) {
			t.Errorf("%q, %+v, want version %s", content, info, version)
		}
	}
}

// testCountingTogether loses no addition.
func testCountingTogether(t *testing.T, s subject) {
	store, other := s.open(t)
	must(store.Put(t.Context(), "sum", []byte("0"), nil, ""))(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			store := other()
			for done := 0; done < 5; {
				r, info, err := store.Get(t.Context(), "sum")
				if err != nil {
					t.Error(err)
					return
				}
				text, err := io.ReadAll(r)
				r.Close()
				if err != nil {
					t.Error(err)
					return
				}
				sum, _ := strconv.Atoi(string(text))
				switch _, err := store.Put(t.Context(), "sum", []byte(strconv.Itoa(sum+1)), nil, info.Version); {
				case err == nil:
					done++
				case !errors.Is(err, ErrChanged):
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	if content, _ := read(t, store, "sum"); string(content) != "20" {
		t.Errorf("%s, want 20", content)
	}
}

// testReadWhileReplaced wants each reader to have one version, with its metadata, or
// an error.
func testReadWhileReplaced(t *testing.T, s subject) {
	store, other := s.open(t)
	text := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i)}, 100_000+i) }
	metadata := func(i int) Metadata { return Metadata{"n": string(rune('a' + i))} }
	version := must(store.Put(t.Context(), "a", text(0), metadata(0), ""))(t)
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			store := other()
			for {
				select {
				case <-stop:
					return
				default:
				}
				r, info, err := store.Get(t.Context(), "a")
				if err != nil {
					t.Errorf("get: %v", err)
					return
				}
				runtime.Gosched()
				content, err := io.ReadAll(r)
				r.Close()
				if errors.Is(err, ErrChanged) {
					continue
				}
				if err != nil || len(content) == 0 || !bytes.Equal(content, text(int(content[0]-'a'))) || info.Metadata["n"] != string(content[:1]) {
					t.Errorf("%d bytes of %+v, %v", len(content), info, err)
					return
				}
			}
		})
	}
	for i := 1; i <= 20; i++ {
		version = must(store.Put(t.Context(), "a", text(i), metadata(i), version))(t)
	}
	close(stop)
	group.Wait()
}

func testMetadata(t *testing.T, s subject) {
	store, _ := s.open(t)
	for i, m := range []Metadata{
		nil,
		{"a": "1"},
		{"a_b9": `~ !"#$%&'()*+,-./:;<=>?@[\]^_{|}`, "z": "2"},
		{"long": strings.Repeat("v", maxMetadataBytes-4)},
	} {
		name := fmt.Sprintf("m/%d", i)
		wants(t, "commit", create(t, store, name, []byte("x"), m), nil)
		if _, info := read(t, store, name); !maps.Equal(info.Metadata, m) {
			t.Errorf("got %v, want %v", info.Metadata, m)
		}
		version := must(store.Put(t.Context(), name+"put", []byte("x"), m, ""))(t)
		if _, info := read(t, store, name+"put"); !maps.Equal(info.Metadata, m) || info.Version != version {
			t.Errorf("put: got %+v, want %v", info, m)
		}
	}
}

func testBadMetadata(t *testing.T, s subject) {
	store, _ := s.open(t)
	for _, m := range []Metadata{
		{"": "1"}, {"A": "1"}, {"1a": "1"}, {"a-b": "1"}, {"_a": "1"}, {"ä": "1"}, {uploadKey: "1"},
		{"a": ""}, {"a": " b"}, {"a": "b\t"}, {"a": "b\r\nc: d"}, {"a": "ä"}, {"a": strings.Repeat("v", maxMetadataBytes)},
	} {
		var explained *Error
		if err := create(t, store, "a", nil, m); !errors.As(err, &explained) {
			t.Errorf("create %.20v: %v", m, err)
		}
		if _, err := store.Put(t.Context(), "a", nil, m, ""); !errors.As(err, &explained) {
			t.Errorf("put %.20v: %v", m, err)
		}
	}
	if got := names(t, store, "", ""); len(got) != 0 {
		t.Errorf("listed %q", got)
	}
}

// blockSize is that of the store in Azure.
const blockSize = 1 << 20

func testSizes(t *testing.T, s subject) {
	store, other := s.open(t)
	for _, size := range []int{0, 1, blockSize - 1, blockSize, blockSize + 1, 2 * blockSize, 3*blockSize + 7} {
		for _, piece := range []int{max(size, 1), 300_007} {
			name := fmt.Sprintf("%d/%d", size, piece)
			u := must(store.Create(t.Context(), name))(t)
			if n, err := io.Copy(u, pieces(size, piece)); err != nil || n != int64(size) {
				t.Fatalf("%s: %d, %v", name, n, err)
			}
			wants(t, name, u.Commit(Metadata{"n": "1"}), nil)
			content, _ := read(t, other(), name)
			want, _ := io.ReadAll(pieces(size, piece))
			if !bytes.Equal(content, want) {
				t.Errorf("%s: %d bytes have changed", name, len(content))
			}
		}
	}
}

// pattern is a text in which no two blocks are the same.
type pattern struct{ at, size, piece int }

// pieces reads a pattern of a size in pieces.
func pieces(size, piece int) io.Reader { return &pattern{size: size, piece: piece} }

func (p *pattern) Read(b []byte) (int, error) {
	if p.at == p.size {
		return 0, io.EOF
	}
	n := min(len(b), p.piece, p.size-p.at)
	for i := range b[:n] {
		b[i] = byte(p.at) ^ byte(p.at>>10) ^ byte(p.at>>20)
		p.at++
	}
	return n, nil
}

func testBoundedMemory(t *testing.T, s subject) {
	if s.inMemory {
		t.Skip("the store is in memory")
	}
	const size, bound = 20 << 20, 5 << 20
	store, other := s.open(t)
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, most := heap(), int64(0)
	watch := func() { most = max(most, heap()-before) }

	u := must(store.Create(t.Context(), "large"))(t)
	in, buf := pieces(size, size), make([]byte, 256<<10)
	for n, err := in.Read(buf); err == nil; n, err = in.Read(buf) {
		must(u.Write(buf[:n]))(t)
		watch()
	}
	wants(t, "commit", u.Commit(nil), nil)

	r, info, err := other().Get(t.Context(), "large")
	if err != nil || info.Size != size {
		t.Fatalf("%+v, %v", info, err)
	}
	defer r.Close()
	want, wantBuf, total := pieces(size, size), make([]byte, 256<<10), 0
	for {
		n, err := io.ReadFull(r, buf)
		m, _ := io.ReadFull(want, wantBuf)
		if !bytes.Equal(buf[:n], wantBuf[:m]) {
			t.Fatalf("other bytes behind %d", total)
		}
		watch()
		if total += n; err != nil {
			break
		}
	}
	if total != size {
		t.Errorf("%d bytes of %d", total, size)
	}
	t.Logf("%d KB of memory for an object of %d KB", most>>10, size>>10)
	if most > bound {
		t.Errorf("%d bytes of memory, more than %d", most, bound)
	}
}
