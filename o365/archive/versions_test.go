package archive

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// Of one content there are so many versions at most; then it counts as kept.
func TestMostVersions(t *testing.T) {
	for _, versions := range []int{mostVersions - 1, mostVersions} {
		b := newBench(t, storage.NewMemory(), JSON)
		item := source.Item{ContentType: "c", ID: "a", Created: created}
		for n := range versions {
			if _, err := b.store.Put(t.Context(), Name("t", item, JSON, n+1), zip("[]"), storage.Metadata{metaBytes: "2", metaSHA256: "another"}, ""); err != nil {
				t.Fatal(err)
			}
		}
		b.served.contents["a"] = `[{"Id":1}]`
		if err := b.download(item); (err == nil) != (versions == mostVersions) {
			t.Errorf("%d versions: %v", versions, err)
		}
	}
}

// So many contents with several versions are remembered at most.
func TestMostContentsWithVersions(t *testing.T) {
	a := New(Config{})
	for n := range 5 * mostNumbers {
		name := strconv.Itoa(n)
		if a.setNumber(name, 2); a.number(name) != 2 || len(a.numbers) > mostNumbers {
			t.Fatalf("%d: version %d, %d contents", n, a.number(name), len(a.numbers))
		}
	}
}

// vanishing is a store that says an object exists, and does not have it, or takes its
// time to say what it has.
type vanishing struct {
	storage.Store
	slow bool
}

func (vanishing) Create(context.Context, string) (storage.Upload, error) {
	return nil, storage.ErrExists
}

func (s vanishing) Stat(ctx context.Context, name string) (storage.Info, error) {
	if s.slow {
		<-ctx.Done()
	}
	return s.Store.Stat(ctx, name)
}

// What cannot be compared with the object that is there is an error of the storage, after
// a while at most.
func TestObjectsThatCannotBeCompared(t *testing.T) {
	for _, tt := range []struct {
		slow bool
		want error
		took time.Duration
	}{{false, storage.ErrNotFound, 0}, {true, context.DeadlineExceeded, patience}} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, vanishing{storage.NewMemory(), tt.slow}, JSON)
			b.served.contents["a"] = `[{"Id":1}]`
			begun := time.Now()
			err := b.download(source.Item{ID: "a"})
			var missing *source.NotKept
			if !errors.As(err, &missing) || missing.After == 0 || !errors.Is(err, tt.want) || time.Since(begun) != tt.took {
				t.Errorf("%v after %v", err, time.Since(begun))
			}
			if len(b.reported) != 1 || b.reported[0] == nil || !errors.Is(b.reported[0], tt.want) {
				t.Errorf("reported %v", b.reported)
			}
		})
	}
}
