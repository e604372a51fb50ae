package ledger

import (
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// slow is a store that takes its time; begun is closed when it is in it.
type slow struct {
	store
	begun, end chan struct{}
}

func (s slow) commit(tx transaction) error {
	close(s.begun)
	<-s.end
	return s.store.commit(tx)
}

func TestQuestionsDoNotWaitForTheDisk(t *testing.T) {
	l := open(t, "", Options{})
	s := slow{l.store, make(chan struct{}), make(chan struct{})}
	l.store = s
	d := delivery(1)
	if !claim(l, d.Keys[0]) {
		t.Fatal("claimed before")
	}
	confirmed := make(chan error)
	go func() { confirmed <- l.Confirm([]Delivery{d}) }()
	<-s.begun
	if claim(l, d.Keys[0]) || !claim(l, Key{42}) {
		t.Error("Claim")
	}
	l.Release([]Key{{42}})
	if l.Progress(d.Stream, d.Blob) != (Progress{}) {
		t.Error("shown before it is stored")
	}
	l.Completed(exchange)
	l.Gaps(exchange)
	l.Evicted()
	close(s.end)
	if err := <-confirmed; err != nil {
		t.Fatal(err)
	}
	if l.Progress(d.Stream, d.Blob) == (Progress{}) {
		t.Error("not shown after it is stored")
	}
}

// Eight workers claim the same keys: each key belongs to one of them.
func TestConcurrentUse(t *testing.T) {
	const workers, keys = 8, 2000
	l := open(t, filepath.Join(scratch(t), "o365.db"), Options{DedupMax: 1 << 20, Now: time.Now})
	var claimed atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for n := range keys {
				d := Delivery{Stream: exchange, Blob: "b", Created: start, Through: n}
				k := Key{byte(n), byte(n >> 8), 3}
				if claim(l, k) {
					claimed.Add(1)
					d.Keys = []Key{k}
				}
				l.Progress(exchange, "b")
				if n%100 == w {
					if err := l.Prune(time.Now()); err != nil {
						t.Error(err)
					}
				}
				if d.Keys != nil && n%10 == 0 {
					if err := l.Confirm([]Delivery{d}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if claimed.Load() != keys {
		t.Errorf("%d claims of %d keys", claimed.Load(), keys)
	}
}

func TestNothingRunsAfterClose(t *testing.T) {
	before := runtime.NumGoroutine()
	l := open(t, filepath.Join(scratch(t), "o365.db"), Options{})
	if err := l.Confirm([]Delivery{delivery(1)}); err != nil {
		t.Fatal(err)
	}
	// What saw to it that opening ends goes by itself.
	fewer(t, before+1)
	l.Close()
	if err := l.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	fewer(t, before)
}

// fewer waits until no more goroutines than that are left.
func fewer(t *testing.T, most int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > most; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines more", runtime.NumGoroutine()-most)
		}
	}
}
