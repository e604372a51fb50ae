package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// served is a source whose contents are served by id, in gzip or not.
type served struct {
	source.Source
	mu       sync.Mutex
	contents map[string]string
	plain    bool
	refuse   int // so many answers are refusals in gzip, each repeated at once
	opened   int
}

func (s *served) Open(ctx context.Context, i source.Item) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	client := &http.Client{Transport: &transport.Gunzip{Next: s}}
	for {
		resp, err := client.Do((&http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "service", Path: "/" + i.ID}}).WithContext(ctx))
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusOK {
			return resp.Body, nil
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}

func (s *served) RoundTrip(r *http.Request) (*http.Response, error) {
	status, text := http.StatusOK, s.contents[strings.TrimPrefix(r.URL.Path, "/")]
	if s.refuse > 0 {
		s.refuse--
		status, text = http.StatusUnauthorized, `{"error":"renew the token"}`
	}
	resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text))}
	if !s.plain {
		resp.Header.Set("Content-Encoding", "gzip")
		resp.Body = io.NopCloser(bytes.NewReader(zip(text)))
	}
	return resp, nil
}

func zip(text string) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	z.Write([]byte(text))
	z.Close()
	return b.Bytes()
}

func unzip(t *testing.T, packed []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// bench is an archive over a store, what it reports, and a source that it keeps.
type bench struct {
	t       *testing.T
	store   storage.Store
	archive *Archive
	source  source.Source
	served  *served
	metrics *metrics.Stream
	running sync.WaitGroup

	mu       sync.Mutex
	reported []*storage.Error
}

func newBench(t *testing.T, store storage.Store, f Format) *bench {
	set := metrics.New([]string{"t"}, []string{"c"})
	b := &bench{t: t, store: store, served: &served{contents: map[string]string{}}, metrics: set.Stream("t", "c")}
	b.archive = New(Config{Store: store, Format: f, Go: b.running.Go, Report: func(err *storage.Error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.reported = append(b.reported, err)
	}})
	b.source = b.archive.Source("t", b.served, set.Tenant("t"))
	t.Cleanup(func() {
		b.archive.Close()
		b.running.Wait()
	})
	return b
}

var created = time.Date(2026, 11, 22, 13, 14, 15, 0, time.UTC)

// download downloads a content and returns the error of Keep.
func (b *bench) download(i source.Item) error {
	b.t.Helper()
	i.ContentType, i.Created, i.Expires = "c", created, created.Add(7*24*time.Hour)
	body, err := b.source.Open(b.t.Context(), i)
	if err != nil {
		return err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if want := b.served.contents[i.ID]; string(text) != want {
		b.t.Errorf("%s: read %.60q, want %.60q", i.ID, text, want)
	}
	return body.(source.Keeper).Keep(strings.Count(string(text), "Id"))
}

// kept returns the objects, unpacked, by name.
func (b *bench) kept() map[string]string {
	b.t.Helper()
	all := map[string]string{}
	for info, err := range b.store.List(b.t.Context(), "", "") {
		if err != nil {
			b.t.Fatal(err)
		}
		all[info.Name] = unzip(b.t, b.object(info.Name))
	}
	return all
}

func (b *bench) object(name string) []byte {
	b.t.Helper()
	r, _, err := b.store.Get(b.t.Context(), name)
	if err != nil {
		b.t.Fatal(err)
	}
	defer r.Close()
	packed, err := io.ReadAll(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return packed
}

const folder = "tenant=t/content_type=c/date=2026-11-22/hour=13/"

func TestContentIsKeptAsServed(t *testing.T) {
	big := "[" + strings.Repeat(`{"Id":"`+strings.Repeat("x", 5000)+`"},`, 2000) + `{"Id":1}]`
	random := make([]byte, 3<<20)
	for i := range random {
		random[i] = byte(' ' + (i*i*7919+i*31)%90)
	}
	for name, text := range map[string]string{
		"small": `[ {"Id":"1"},` + "\r\n" + `{"Id":"2"} ]`, "empty": "[]", "big": big, "hard to compress": string(random),
	} {
		for _, plain := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, plain %v", name, plain), func(t *testing.T) {
				b := newBench(t, storage.NewMemory(), JSON)
				b.served.contents["a$1"], b.served.plain, b.served.refuse = text, plain, 1
				if err := b.download(source.Item{ID: "a$1"}); err != nil {
					t.Fatal(err)
				}
				if got := b.kept(); len(got) != 1 || got[folder+"a$1.json.gz"] != text {
					t.Fatalf("%.200q", got)
				}
				packed := b.object(folder + "a$1.json.gz")
				if !plain && !bytes.Equal(packed, zip(text)) {
					t.Error("it is not the answer of the service")
				}
				info, err := b.store.Stat(t.Context(), folder+"a$1.json.gz")
				if err != nil {
					t.Fatal(err)
				}
				sum := sha256.Sum256([]byte(text))
				want := storage.Metadata{
					"content_id": "a$1", "content_created": "2026-11-22T13:14:15Z", "content_expiration": "2026-11-29T13:14:15Z",
					"records": strconv.Itoa(strings.Count(text, "Id")), "sha256": hex.EncodeToString(sum[:]), "json_bytes": strconv.Itoa(len(text)),
				}
				if fmt.Sprint(info.Metadata) != fmt.Sprint(want) {
					t.Errorf("metadata %v, want %v", info.Metadata, want)
				}
				if b.metrics.Archived.Load() != 1 || b.metrics.ArchivedBytes.Load() != int64(len(packed)) || len(b.reported) != 1 || b.reported[0] != nil {
					t.Errorf("%d objects of %d bytes counted, reported %v", b.metrics.Archived.Load(), b.metrics.ArchivedBytes.Load(), b.reported)
				}
			})
		}
	}
}

func TestContentIsKeptInLines(t *testing.T) {
	for _, plain := range []bool{false, true} {
		b := newBench(t, storage.NewMemory(), NDJSON)
		b.served.contents["a"], b.served.plain = "[{\"Id\":1},\n{\"Id\":2}]", plain
		if err := b.download(source.Item{ID: "a"}); err != nil {
			t.Fatal(err)
		}
		if got := b.kept(); len(got) != 1 || got[folder+"a.ndjson.gz"] != "{\"Id\":1}\n{\"Id\":2}\n" {
			t.Errorf("%q", got)
		}
	}
}

// What was not read to its end is not kept, nor what cannot be opened.
func TestBrokenDownloadsAreNotKept(t *testing.T) {
	b := newBench(t, storage.NewMemory(), JSON)
	b.served.contents["a"] = "[" + strings.Repeat(`{"Id":1},`, 1e5) + "1]"
	body, err := b.source.Open(t.Context(), source.Item{ContentType: "c", ID: "a", Created: created})
	if err != nil {
		t.Fatal(err)
	}
	io.CopyN(io.Discard, body, 1000)
	body.Close()
	b.running.Wait()
	if got := b.kept(); len(got) > 0 {
		t.Errorf("kept %.100q", got)
	}
	if err := b.download(source.Item{ID: "a"}); err != nil {
		t.Fatal(err)
	}
}

// The same content again is there already. Another one of the same id is kept beside it
// if it is longer, for which it is downloaded once more.
func TestContentThatIsServedAgain(t *testing.T) {
	b := newBench(t, storage.NewMemory(), JSON)
	for n, step := range []struct {
		text    string
		again   bool // it must be downloaded once more
		kept    []string
		version int64
	}{
		{`[{"Id":1}]`, false, []string{`[{"Id":1}]`}, 0},
		{`[{"Id":1}]`, false, []string{`[{"Id":1}]`}, 0},
		{`[{"Id":2}]`, false, []string{`[{"Id":1}]`}, 0},
		{`[{"Id":1},{"Id":2}]`, true, []string{`[{"Id":1}]`}, 1},
		{`[{"Id":1},{"Id":2}]`, false, []string{`[{"Id":1}]`, `[{"Id":1},{"Id":2}]`}, 1},
		{`[{"Id":1},{"Id":2}]`, false, []string{`[{"Id":1}]`, `[{"Id":1},{"Id":2}]`}, 1},
		{`[{"Id":1}]`, false, []string{`[{"Id":1}]`, `[{"Id":1},{"Id":2}]`}, 1},
		{`[{"Id":1},{"Id":2},3]`, true, []string{`[{"Id":1}]`, `[{"Id":1},{"Id":2}]`}, 2},
		{`[{"Id":1},{"Id":2},3]`, false, []string{`[{"Id":1}]`, `[{"Id":1},{"Id":2}]`, `[{"Id":1},{"Id":2},3]`}, 2},
	} {
		b.served.contents["a"] = step.text
		err := b.download(source.Item{ID: "a"})
		var again *source.NotKept
		if errors.As(err, &again) != step.again || !step.again && err != nil || step.again && again.After != 0 {
			t.Fatalf("step %d: %v", n, err)
		}
		var kept []string
		for number := range len(step.kept) + 1 {
			if text, ok := b.kept()[Name("t", source.Item{ContentType: "c", ID: "a", Created: created}, JSON, number+1)]; ok {
				kept = append(kept, text)
			}
		}
		if !slices.Equal(kept, step.kept) || b.metrics.ArchiveVersions.Load() != step.version {
			t.Fatalf("step %d: kept %q, %d versions counted", n, kept, b.metrics.ArchiveVersions.Load())
		}
	}
}

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
			if err := b.download(source.Item{ID: id}); !errors.As(err, &missing) || !errors.Is(err, full) || missing.After < firstAwayPause {
				t.Fatalf("%d: %v", n, err)
			}
			time.Sleep(time.Second)
		}
		if most := int(time.Since(begun)/longestAwayPause) + 8; store.attempts() > most || store.attempts() < most-8 {
			t.Errorf("%d attempts in %v", store.attempts(), time.Since(begun))
		}
		opened := b.served.opened
		store.set(nil, 0)
		var missing *source.NotKept
		if err := b.download(source.Item{ID: "1", Taken: true}); !errors.As(err, &missing) || b.served.opened != opened {
			t.Errorf("%v, and %d downloads", err, b.served.opened-opened)
		}
		time.Sleep(longestAwayPause)
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
			time.Sleep(2 * longestAwayPause)
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
