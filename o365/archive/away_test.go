package archive

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// trouble is a store that fails, hangs, or takes its time.
type trouble struct {
	storage.Store
	mu      sync.Mutex
	err     error
	hang    chan struct{} // until it is closed, whatever the context; nil: it does not
	latency time.Duration
	created int
}

func (s *trouble) Create(ctx context.Context, name string) (storage.Upload, error) {
	s.mu.Lock()
	err, hang, latency := s.err, s.hang, s.latency
	s.created++
	s.mu.Unlock()
	if hang != nil { // as a disk does that knows no context
		<-hang
	}
	select {
	case <-time.After(latency):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return s.Store.Create(ctx, name)
}

func (s *trouble) attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.created
}

func (s *trouble) set(err error, latency time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.latency = err, latency
}

// While the storage fails, content goes on without copies, and one download after each
// pause tries it; what has its records already is not downloaded for nothing.
func TestStorageThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := &storage.Error{What: "the disk is full", Do: "make room"}
		store := &trouble{Store: storage.NewMemory(), err: full}
		b := newBench(t, store, JSON)
		begun := time.Now()
		for n := range 900 {
			id := strconv.Itoa(n)
			b.served.contents[id] = `[{"Id":` + id + `}]`
			var missing *source.NotKept
			if err := b.download(source.Item{ID: id}); !errors.As(err, &missing) || !errors.Is(err, full) || missing.After < storage.FirstPause {
				t.Fatalf("%d: %v", n, err)
			}
			time.Sleep(time.Second)
		}
		if most := int(time.Since(begun)/storage.LongestPause) + 8; store.attempts() > most || store.attempts() < most-8 {
			t.Errorf("%d attempts in %v", store.attempts(), time.Since(begun))
		}
		opened := b.served.opened
		store.set(nil, 0)
		var missing *source.NotKept
		if err := b.download(source.Item{ID: "1", Taken: true}); !errors.As(err, &missing) || b.served.opened != opened {
			t.Errorf("%v, and %d downloads", err, b.served.opened-opened)
		}
		time.Sleep(storage.LongestPause)
		for n := range 10 {
			if err := b.download(source.Item{ID: strconv.Itoa(n), Taken: true}); err != nil {
				t.Fatal(err)
			}
		}
		if len(b.reported) != 2 || b.reported[0].Error() != full.Error() || b.reported[1] != nil {
			t.Errorf("reported %v", b.reported)
		}
	})
}

// A storage that hangs, such as a folder on a server that is down, gets no more uploads
// until the last one has come back.
func TestStorageThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &trouble{Store: storage.NewMemory(), hang: make(chan struct{})}
		b := newBench(t, store, JSON)
		b.served.contents["a"] = `[{"Id":1}]`
		for range 100 {
			if err := b.download(source.Item{ID: "a"}); !errors.Is(err, errSlow) {
				t.Fatal(err)
			}
			time.Sleep(2 * storage.LongestPause)
		}
		if n := store.attempts(); n != 1 {
			t.Errorf("%d uploads hang", n)
		}
		close(store.hang)
		synctest.Wait()
		if err := b.download(source.Item{ID: "a"}); err != nil {
			t.Error(err)
		}
	})
}

// A storage that is slow holds up a content for a while; then it goes on without it.
func TestSlowStorage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &trouble{Store: storage.NewMemory(), latency: 3 * time.Second}
		b := newBench(t, store, JSON)
		b.served.contents["a"], b.served.contents["b"] = `[{"Id":1}]`, "["+strings.Repeat(`{"Id":1},`, 1e6)+"1]"
		if err := b.download(source.Item{ID: "a"}); err != nil {
			t.Fatal(err)
		}
		store.set(nil, time.Hour)
		for _, id := range []string{"b", "a"} {
			b.archive.away.worked()
			begun := time.Now()
			if err := b.download(source.Item{ID: id}); !errors.Is(err, errSlow) {
				t.Fatalf("%s: %v", id, err)
			}
			b.running.Wait() // what was given up ends at once
			if took := time.Since(begun); took != patience {
				t.Errorf("%s: it was held up for %v", id, took)
			}
			time.Sleep(time.Second)
		}
		if got := b.kept(); len(got) != 1 {
			t.Errorf("%d objects", len(got))
		}
	})
}

// Downloads that break off leave nothing behind, however many they are.
func TestBrokenDownloadsAreForgotten(t *testing.T) {
	b := newBench(t, storage.NewMemory(), JSON)
	b.served.contents["a"] = `[{"Id":1}]`
	for range 500 {
		body, err := b.source.Open(t.Context(), source.Item{ContentType: "c", ID: "a", Created: created})
		if err != nil {
			t.Fatal(err)
		}
		body.Close()
		b.running.Wait()
	}
	if n := len(b.archive.away.hanging); n > 1 {
		t.Errorf("%d uploads that have ended are kept", n)
	}
}
