package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFaultsAreChosen(t *testing.T) {
	at := newClock()
	statuses := func(p *probe, paths ...string) (all []int) {
		for _, path := range paths {
			all = append(all, p.do("GET", path).status)
		}
		return all
	}
	exchange, dlp := contentPath(Exchange, t0.Add(-day), t0), contentPath(DLP, t0.Add(-day), t0)
	for _, test := range []struct {
		name  string
		fault Fault
		want  []int // of exchange, dlp, list, exchange, exchange
	}{
		{"all", Fault{}, []int{500, 500, 500, 500, 500}},
		{"operation", Fault{Op: "list"}, []int{200, 200, 500, 200, 200}},
		{"content type", Fault{Type: DLP}, []int{200, 500, 200, 200, 200}},
		{"tenant", Fault{Tenant: "x"}, []int{200, 200, 200, 200, 200}},
		{"text", Fault{Match: "contentType=Audit"}, []int{500, 200, 200, 500, 500}},
		{"first try", Fault{Tries: 1}, []int{500, 500, 500, 200, 200}},
		{"first two tries", Fault{Tries: 2, Type: Exchange}, []int{500, 200, 200, 500, 200}},
		{"skip", Fault{Skip: 1}, []int{200, 500, 500, 500, 500}},
		{"times", Fault{Times: 2}, []int{500, 500, 200, 200, 200}},
		{"skip and times", Fault{Skip: 2, Times: 1, Op: "content"}, []int{200, 200, 200, 500, 200}},
	} {
		test.fault.Kind = "500"
		sim := New(Options{Now: at.now, Subscribed: ContentTypes(), Faults: []Fault{test.fault}})
		if got := statuses(newProbe(t, sim), exchange, dlp, "subscriptions/list", exchange, exchange); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestFlakyServiceFailsAShareOfFirstTries(t *testing.T) {
	sim := New(Options{Seed: 9, Now: newClock().now, Blobs: 1000, Records: 1, Faults: Flaky(0.1)}) // ids hold the time, and faults depend on them
	p := newProbe(t, sim)
	kinds := map[string]int{}
	failed := 0
	for _, b := range sim.series[0].blobs {
		r, err := p.try("GET", "audit/"+b.id)
		if err != nil || r.status != 200 {
			failed++
			kinds[fmt.Sprint(r.status, r.code(), err)]++
			if r, err := p.try("GET", "audit/"+b.id); err != nil || r.status != 200 {
				t.Fatalf("second try: %d %v", r.status, err)
			}
		}
	}
	// CutGzip needs a client that takes gzip to show, but the JSON is cut then.
	if failed < 70 || failed > 120 || len(kinds) < 6 {
		t.Errorf("%d of 1000 failed, in the ways %v", failed, kinds)
	}
}

func TestSameSeedSameFaults(t *testing.T) {
	run := func(order []int) []string {
		at := newClock()
		sim := New(Options{Seed: 4, Now: at.now, Blobs: 40, Records: 1, Faults: []Fault{{Kind: "503", Probability: 0.3}}})
		p := newProbe(t, sim)
		out := make([]string, 40)
		for range 3 {
			for _, i := range order {
				out[i] += fmt.Sprint(p.do("GET", "audit/"+sim.series[0].blobs[i].id).status, " ")
			}
		}
		return out
	}
	var order []int
	for i := range 40 {
		order = append(order, i)
	}
	a := run(order)
	slices.Reverse(order)
	if b := run(order); !slices.Equal(a, b) {
		t.Errorf("faults depend on the order of requests:\n%v\n%v", a, b)
	}
	if text := strings.Join(a, ""); !strings.Contains(text, "503") || !strings.Contains(text, "200") {
		t.Errorf("%v", a)
	}
}

func TestParseFaults(t *testing.T) {
	list, err := ParseFaults(strings.NewReader(`[{"kind":"AF429","op":"audit","probability":0.5,"delay":"1m30s"},{"kind":"502"}]`))
	if err != nil || len(list) != 2 || list[0].Delay.Duration != 90*time.Second || list[0].Probability != 0.5 {
		t.Errorf("%+v %v", list, err)
	}
	for _, text := range []string{`[{"kind":"fire"}]`, `[{"kind":"500","often":1}]`, `{}`, `[{"kind":"slow","delay":1}]`} {
		if _, err := ParseFaults(strings.NewReader(text)); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}
