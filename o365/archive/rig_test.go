package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
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
	refuse   int   // so many answers are refusals in gzip, each repeated at once
	err      error // of Open
	opened   int
	open     int // bodies
}

// servedBody is a body that is counted until it is closed.
type servedBody struct {
	io.ReadCloser
	of *served
}

func (b servedBody) Close() error {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	b.of.open--
	return b.ReadCloser.Close()
}

func (s *served) Open(ctx context.Context, i source.Item) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	if s.err != nil {
		return nil, s.err
	}
	client := &http.Client{Transport: &transport.Gunzip{Next: s}}
	for {
		resp, err := client.Do((&http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "service", Path: "/" + i.ID}}).WithContext(ctx))
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusOK {
			s.open++
			return servedBody{resp.Body, s}, nil
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
	if !s.plain || status != http.StatusOK {
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

// created is when contents became available, in whatever zone that is given.
var created = time.Date(2026, 11, 22, 14, 14, 15, 500_000_000, time.FixedZone("", 3600))

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
