package api

import (
	"io"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"
)

// TestLargeBlobNeedsLittleMemory reads 100 MB and measures the heap meanwhile.
func TestLargeBlobNeedsLittleMemory(t *testing.T) {
	const size = 100 << 20
	sim := New(Options{Seed: 1, Blobs: 2, Records: 10, Large: 1, LargeSize: size, Subscribed: []string{General}})
	server := httptest.NewTLSServer(sim)
	defer server.Close()
	p := newProbe(t, sim)
	p.client, p.root = server.Client(), server.URL
	blob := sim.series[3].blobs[1]

	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	req := httptest.NewRequest("GET", server.URL+"/api/v1.0/"+DefaultTenant+"/activity/feed/audit/"+blob.id, nil)
	req.RequestURI = ""
	req.Header = p.header.Clone()
	req.Header.Set("Accept-Encoding", "identity") // unpacking would take most of the time
	resp, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var read, peak int64
	start := time.Now()
	for {
		n, err := io.CopyN(io.Discard, resp.Body, 10<<20)
		read += n
		runtime.ReadMemStats(&during)
		peak = max(peak, int64(during.HeapAlloc)-int64(before.HeapAlloc))
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if read < size || read > size+1<<20 {
		t.Errorf("%d bytes of %d", read, size)
	}
	if peak > 16<<20 {
		t.Errorf("heap grew by %d MB", peak>>20)
	}
	t.Logf("%d MB in %v, heap grew by %d KB", read>>20, time.Since(start).Round(time.Millisecond), peak>>10)
}

func TestHalfOfALargeBlob(t *testing.T) {
	sim := New(Options{Seed: 1, Blobs: 1, Large: 1, LargeSize: 1 << 20})
	b := sim.series[1].blobs[0]
	var whole, half int
	for range b.records(0) {
		whole++
	}
	for i := range b.records(b.estimate() / 2) {
		if half == 0 && i != b.estimate()/2 {
			t.Errorf("half begins at %d", i)
		}
		half++
	}
	if half+b.estimate()/2 != whole {
		t.Errorf("%d records behind the first %d of %d", half, b.estimate()/2, whole)
	}
}
