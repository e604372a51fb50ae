package archive

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// disk is a store that knows no context: what is written takes its time, and is there
// once it is committed.
type disk struct {
	storage.Store
	mu                 sync.Mutex
	latency            time.Duration // of each write
	committed, aborted int
}

type diskUpload struct{ *disk }

func (d *disk) Create(context.Context, string) (storage.Upload, error) { return diskUpload{d}, nil }

func (d diskUpload) Write(p []byte) (int, error) {
	time.Sleep(d.latency)
	return len(p), nil
}

func (d diskUpload) Commit(storage.Metadata) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.committed++
	return nil
}

func (d diskUpload) Abort() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.aborted++
}

// What is given up never becomes an object, however late the storage comes back, and
// leaves nothing behind.
func TestUploadsThatAreGivenUp(t *testing.T) {
	long := "[" + strings.Repeat(`{"Id":1},`, 1e6) + "1]" // many blocks where it is not compressed
	for _, tt := range []struct {
		name      string
		latency   time.Duration
		breakOff  bool // the download
		committed int
		err       error
	}{
		{"in time", patience / 2, false, 1, nil},
		{"too late", 2 * patience, false, 0, errSlow},
		{"broken off", 0, true, 0, nil},
		{"broken off while it is written", time.Hour, true, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &disk{latency: tt.latency}
				b := newBench(t, store, JSON)
				b.served.contents["short"], b.served.contents["long"] = `[{"Id":1}]`, long
				id := "short"
				if tt.breakOff {
					id = "long"
					body, err := b.source.Open(t.Context(), source.Item{ContentType: "c", ID: id, Created: created})
					if err != nil {
						t.Fatal(err)
					}
					_, _ = io.CopyN(io.Discard, body, 1000)
					body.Close()
				} else if err := b.download(source.Item{ID: id}); !errors.Is(err, tt.err) {
					t.Fatalf("%v, want %v", err, tt.err)
				}
				b.running.Wait()
				if store.committed != tt.committed || store.aborted != 1 {
					t.Errorf("%d committed, %d ended", store.committed, store.aborted)
				}
			})
		})
	}
}

// The patience is for one content in all, not for each of its blocks.
func TestPatienceIsOfOneContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &disk{latency: patience / 4}
		var running sync.WaitGroup
		s := send(t.Context(), store, "a", running.Go)
		begun := time.Now()
		for range 100 * blockSize / 1000 {
			s.Write(make([]byte, 1000))
		}
		if _, err := s.finish(storage.Metadata{}); !errors.Is(err, errSlow) || time.Since(begun) != patience {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		running.Wait()
		if store.committed != 0 || store.aborted != 1 {
			t.Errorf("%d committed, %d ended", store.committed, store.aborted)
		}
	})
}

// Of several uploads that hang, the last one must have ended before another is tried.
func TestSeveralUploadsThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := make(chan struct{}), make(chan struct{})
		store := &trouble{Store: storage.NewMemory(), hang: first}
		b := newBench(t, store, JSON)
		b.served.contents["a"] = `[{"Id":1}]`
		body, err := b.source.Open(t.Context(), source.Item{ContentType: "c", ID: "a", Created: created})
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, body)
		synctest.Wait()
		body.Close() // a download that is broken off
		store.mu.Lock()
		store.hang = second
		store.mu.Unlock()
		for _, ended := range []chan struct{}{second, first} {
			if err := b.download(source.Item{ID: "a"}); !errors.Is(err, errSlow) {
				t.Fatal(err)
			}
			time.Sleep(2 * storage.LongestPause)
			close(ended)
			synctest.Wait()
		}
		if n := store.attempts(); n != 2 {
			t.Errorf("%d uploads while some hang", n)
		}
		if err := b.download(source.Item{ID: "a"}); err != nil {
			t.Error(err)
		}
	})
}
