package archive

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

var errRefused = errors.New("the service refuses")

// A download that comes to nothing ends its upload and its body, and says nothing of the
// storage: where that is away, the next content tries it.
func TestDownloadsThatComeToNothing(t *testing.T) {
	full := &storage.Error{What: "the disk is full"}
	for _, format := range []Format{JSON, NDJSON} {
		for _, refused := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				store := &trouble{Store: storage.NewMemory(), err: full}
				b := newBench(t, store, format)
				b.served.contents["a"] = `[{"Id":1}]`
				if err := b.download(source.Item{ID: "a"}); !errors.Is(err, full) {
					t.Fatal(err)
				}
				time.Sleep(2 * storage.FirstPause)
				store.set(nil, 0)
				if refused {
					b.served.err = errRefused
				}
				body, err := b.source.Open(t.Context(), source.Item{ContentType: "c", ID: "a", Created: created})
				if refused != errors.Is(err, errRefused) {
					t.Fatal(err)
				}
				if err == nil {
					_, _ = io.CopyN(io.Discard, body, 3)
					body.Close()
				}
				b.running.Wait()
				if len(b.kept()) > 0 || b.served.open != 0 {
					t.Errorf("kept %q, %d bodies are open", b.kept(), b.served.open)
				}
				b.served.err = nil
				if err := b.download(source.Item{ID: "a"}); err != nil {
					t.Errorf("%s, refused %v: the next one: %v", format, refused, err)
				}
			})
		}
	}
}

// Storage that shows another version of a content works.
func TestAnotherVersionEndsTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &trouble{Store: storage.NewMemory()}
		b := newBench(t, store, JSON)
		b.served.contents["a"], b.served.contents["b"] = `[{"Id":1}]`, `[{"Id":1}]`
		if err := b.download(source.Item{ID: "a"}); err != nil {
			t.Fatal(err)
		}
		full := &storage.Error{What: "the disk is full"}
		store.set(full, 0)
		if err := b.download(source.Item{ID: "b"}); !errors.Is(err, full) {
			t.Fatal(err)
		}
		time.Sleep(2 * storage.FirstPause)
		store.set(nil, 0)
		b.served.contents["a"] = `[{"Id":1},{"Id":2}]`
		if err := b.download(source.Item{ID: "a"}); !errors.Is(err, errAnotherVersion) {
			t.Fatal(err)
		}
		if err := b.download(source.Item{ID: "b"}); err != nil {
			t.Error(err)
		}
		if len(b.reported) != 3 || b.reported[0] != nil || b.reported[1] == nil || b.reported[2] != nil {
			t.Errorf("reported %v", b.reported)
		}
	})
}

// An error that does not explain itself is told with what it says.
func TestErrorsOfTheStorage(t *testing.T) {
	plain, own := errors.New("no such device"), &storage.Error{What: "the disk is full", Do: "make room"}
	for _, tt := range []struct {
		err  error
		what string
	}{{plain, "the storage cannot be used"}, {own, own.What}, {errSlow, "the storage takes longer than 10s for one content"}} {
		if got := explained(tt.err); got.What != tt.what || !errors.Is(got, tt.err) {
			t.Errorf("%v: %q, %v", tt.err, got.What, got)
		}
	}
}

// Nothing is reported of an archive that is being closed.
func TestCloseIsNoTrouble(t *testing.T) {
	b := newBench(t, storage.NewMemory(), JSON)
	b.served.contents["a"] = `[{"Id":1}]`
	b.archive.Close()
	if err := b.download(source.Item{ID: "a"}); err == nil || len(b.reported) > 0 {
		t.Errorf("%v, reported %v", err, b.reported)
	}
}

// subscribed is a source with subscriptions.
type subscribed struct{ *served }

func (subscribed) Subscriptions(context.Context) ([]source.Subscription, time.Time, error) {
	return nil, created, errRefused
}

func (subscribed) Start(_ context.Context, contentType string) (bool, error) {
	return contentType == "c", errRefused
}

// A source that is kept has subscriptions if it has them by itself.
func TestSubscriptionsOfKeptSources(t *testing.T) {
	a := New(Config{})
	if _, ok := a.Source("t", &served{}, nil).(source.Subscriber); ok {
		t.Error("there are subscriptions where there are none")
	}
	s, ok := a.Source("t", subscribed{&served{}}, nil).(source.Subscriber)
	if !ok {
		t.Fatal("there are no subscriptions")
	}
	_, at, err := s.Subscriptions(t.Context())
	if started, startErr := s.Start(t.Context(), "c"); !started || startErr != errRefused || err != errRefused || !at.Equal(created) {
		t.Errorf("%v, %v; %v, %v", at, err, started, startErr)
	}
}
