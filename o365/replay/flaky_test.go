package replay

import (
	"context"
	"io"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// flaky is a store that fails as it is told. Its fail is not called by two goroutines at once.
type flaky struct {
	*storage.Memory
	mu   sync.Mutex
	fail func(name string) error // of a call; nil: none fails
	get  func(name string) error // likewise, of Get alone
	open atomic.Int64            // objects
	// broken, if set, is the name at which all listings fail.
	broken string
}

var errAway = &storage.Error{What: "no answer", Do: "see to the network"}

func (f *flaky) failing(how func(name string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = how
}

func (f *flaky) error(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail == nil {
		return nil
	}
	return f.fail(name)
}

func (f *flaky) setBroken(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = name
}

func (f *flaky) breaksAt(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return name == f.broken
}

func (f *flaky) Get(ctx context.Context, name string) (io.ReadCloser, storage.Info, error) {
	err := f.error(name)
	if err == nil && f.get != nil {
		f.mu.Lock()
		err = f.get(name)
		f.mu.Unlock()
	}
	if err != nil {
		return nil, storage.Info{}, err
	}
	body, info, err := f.Memory.Get(ctx, name)
	if err != nil {
		return nil, info, err
	}
	f.open.Add(1)
	return &openObject{body, f}, info, nil
}

// getting lets Get alone fail.
func (f *flaky) getting(how func(name string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.get = how
}

// openObject is an object that is counted until it is closed.
type openObject struct {
	io.ReadCloser
	of *flaky
}

func (o *openObject) Close() error {
	o.of.open.Add(-1)
	return o.ReadCloser.Close()
}

func (f *flaky) List(ctx context.Context, prefix, after string) iter.Seq2[storage.Info, error] {
	return func(yield func(storage.Info, error) bool) {
		for info, err := range f.Memory.List(ctx, prefix, after) {
			if f.breaksAt(info.Name) {
				yield(storage.Info{}, errAway)
				return
			}
			switch failed := f.error(prefix); {
			case failed == storage.ErrNotFound:
				return // of a folder that is not mounted
			case failed != nil:
				yield(storage.Info{}, failed)
				return
			}
			if !yield(info, err) {
				return
			}
		}
	}
}
