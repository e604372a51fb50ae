package api

import (
	"compress/gzip"
	"io"
	"strings"
	"testing"
)

// What was made beforehand is what would be made.
func TestStore(t *testing.T) {
	sim := New(Options{Seed: 1, Blobs: 3, Records: 20, Duplicates: 10, Subscribed: []string{Exchange}, Now: newClock().now})
	p := newProbe(t, sim)
	p.header.Set("Accept-Encoding", "gzip")
	bodies := func() (all []string) {
		for _, b := range sim.tenants[DefaultTenant].series[Exchange].blobs {
			r := p.do("GET", "audit/"+b.id)
			zip, err := gzip.NewReader(strings.NewReader(r.body))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(zip)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(text))
		}
		return all
	}
	made := bodies()
	if e := sim.Expect(); e.Bytes != 0 || e.Wire != 0 {
		t.Errorf("%+v before anything is stored", e)
	}
	sim.Precompress()
	var size int64
	for i, body := range bodies() {
		if body != made[i] {
			t.Errorf("blob %d: %.100s, want %.100s", i, body, made[i])
		}
		size += int64(len(body))
	}
	if e := sim.Expect(); e.Bytes != size || e.Wire == 0 || e.Wire > size/2 {
		t.Errorf("%+v, want %d bytes", e, size)
	}
	if a := sim.Account(); a.Blobs != 3 || a.BlobsAgain != 3 {
		t.Errorf("%d blobs served, %d again; want 3 and 3", a.Blobs, a.BlobsAgain)
	}

	p.header.Del("Accept-Encoding")
	r := p.do("GET", "audit/"+sim.tenants[DefaultTenant].series[Exchange].blobs[0].id)
	if r.header.Get("Content-Encoding") != "" || r.body != made[0] {
		t.Errorf("to a client without gzip: %v, %.100s", r.header, r.body)
	}
	p.header.Set("Accept-Encoding", "gzip")
	sim.SetFaults(Fault{Op: "audit", Kind: Truncate})
	if _, err := p.try("GET", "audit/"+sim.tenants[DefaultTenant].series[Exchange].blobs[0].id); err == nil {
		t.Error("a fault made no difference")
	}
}
