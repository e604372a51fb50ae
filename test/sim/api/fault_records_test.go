package api

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/content"
)

// readBlob gives the elements of a blob.
func readBlob(t *testing.T, p *probe, b *blob) (all [][]byte) {
	t.Helper()
	var elements []json.RawMessage
	if err := json.Unmarshal([]byte(p.do("GET", "audit/"+b.id).body), &elements); err != nil {
		t.Fatal(err)
	}
	for _, e := range elements {
		all = append(all, e)
	}
	return all
}

func idOf(t *testing.T, record []byte) string {
	t.Helper()
	var d check.Digester
	_, id, err := d.Digest(record)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A record with the Id of another one is part of the truth beside it.
func TestSameID(t *testing.T) {
	for _, whose := range []string{"", "type", "tenant"} {
		const other = "99999999-2222-4333-8444-555555555555"
		sim := New(Options{Seed: 1, Now: newClock().now, Tenants: []string{DefaultTenant, other}, Types: []string{Exchange, SharePoint},
			Blobs: 1, Records: 10, Subscribed: []string{Exchange, SharePoint},
			Faults: []Fault{{Kind: SameID, At: 0.5, Text: whose, Tenant: DefaultTenant, Type: Exchange}}})
		source := map[string]*blob{
			"": sim.series[0].blobs[0], "type": sim.tenants[DefaultTenant].series[SharePoint].blobs[0], "tenant": sim.tenants[other].series[Exchange].blobs[0],
		}[whose]
		id := idOf(t, source.record(content.NewGenerator(), 0))
		p := newProbe(t, sim)
		b := sim.series[0].blobs[0]
		elements := readBlob(t, p, b)
		sharing := 0
		var planted []byte
		for _, e := range elements {
			if idOf(t, e) == id {
				sharing++
			}
			if strings.Contains(string(e), "OtherContent") {
				planted = e
			}
		}
		want := 1
		if whose == "" {
			want = 2
		}
		if len(elements) != 11 || sharing != want || planted == nil {
			t.Fatalf("%q: %d elements, %d with the Id", whose, len(elements), sharing)
		}
		if again := readBlob(t, p, b); !slices.EqualFunc(again, elements, func(a, b []byte) bool { return string(a) == string(b) }) {
			t.Errorf("%q: served differently the second time", whose)
		}
		var all [][]byte
		for _, s := range sim.series {
			for _, r := range s.blobs[0].records(0) {
				all = append(all, slices.Clone(r))
			}
		}
		if r := sim.Check(slices.Values(append(all, planted)), check.Options{Dedup: true}); !r.OK() || r.Expected != 41 {
			t.Errorf("%q: %v", whose, r)
		}
		if r := sim.Check(slices.Values(all), check.Options{Dedup: true}); r.Lost != 1 {
			t.Errorf("%q, without the planted one: %v", whose, r)
		}
		if r := sim.Check(slices.Values(append(all, planted, planted)), check.Options{Dedup: true}); r.Repeated != 1 {
			t.Errorf("%q, two times: %v", whose, r)
		}
	}
}

// A huge record counts as delivered whole or by its first fields.
func TestHuge(t *testing.T) {
	const size = 300_000
	sim := New(Options{Seed: 1, Now: newClock().now, Types: []string{Exchange}, Blobs: 1, Records: 4, Subscribed: []string{Exchange},
		Faults: []Fault{{Kind: Huge, Size: size}}})
	b := sim.series[0].blobs[0]
	elements := readBlob(t, newProbe(t, sim), b)
	i := slices.IndexFunc(elements, func(e []byte) bool { return len(e) == size })
	if len(elements) != 5 || i < 0 {
		t.Fatalf("%d elements", len(elements))
	}
	head, _, _ := strings.Cut(string(elements[i]), `,"Padding"`)
	stub := func(bytes int, sum string) [][]byte {
		all := slices.Clone(elements)
		all[i] = fmt.Appendf(nil, `%s,"o365_record_too_large":{"bytes":%d,"content_id":"%s","index":%d,"offset":9,"sha256":"%s"}}`, head, bytes, b.id, i, sum)
		return all
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(elements[i]))
	for _, test := range []struct {
		name     string
		records  [][]byte
		ok       bool
		stubs    int
		expected int
	}{
		{"whole", elements, true, 0, 5},
		{"first fields", stub(size, sum), true, 1, 5},
		{"wrong size", stub(size-1, sum), false, 0, 5},
		{"wrong sum", stub(size, strings.Repeat("0", 64)), false, 0, 5},
		{"none", slices.Delete(slices.Clone(elements), i, i+1), false, 0, 5},
		{"both", append(stub(size, sum), elements[i]), false, 1, 5},
	} {
		r := sim.Check(slices.Values(test.records), check.Options{Dedup: true})
		if r.OK() != test.ok || r.Stubs != test.stubs || r.Expected != test.expected {
			t.Errorf("%s: %v, %d stubs", test.name, r, r.Stubs)
		}
	}
}

// Nobody can have a planted record that was not sent.
func TestPlantedInABodyThatBreaks(t *testing.T) {
	sim := New(Options{Seed: 1, Now: newClock().now, Types: []string{Exchange}, Blobs: 1, Records: 4, Subscribed: []string{Exchange}})
	b := sim.series[0].blobs[0]
	text, sum := sim.insertRecord(&request{fault: &Fault{Kind: SameID}}, b)
	if n := sim.Check(slices.Values([][]byte{text}), check.Options{}).Expected; n != 4 {
		t.Errorf("%d are expected before it was sent", n)
	}
	sim.sent(sum)
	if r := sim.Check(slices.Values([][]byte{text}), check.Options{}); r.Expected != 5 || r.Unexpected != 0 {
		t.Errorf("after it was sent: %v", r)
	}
}

func TestElements(t *testing.T) {
	sim := New(Options{Seed: 1, Now: newClock().now, Types: []string{Exchange}, Blobs: 1, Records: 4, Subscribed: []string{Exchange},
		Faults: []Fault{{Kind: Elements, Text: "1#", Size: 1000}}})
	elements := readBlob(t, newProbe(t, sim), sim.series[0].blobs[0])
	ones := 0
	for _, e := range elements {
		if string(e) == fmt.Sprint("1", ones) {
			ones++
		}
	}
	if len(elements) != 1004 || ones != 1000 {
		t.Errorf("%d elements, %d of them planted", len(elements), ones)
	}
}
