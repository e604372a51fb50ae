package api

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

func TestEverythingIsThereForAPlainClient(t *testing.T) {
	at := newClock()
	sim := New(Options{Seed: 1, Now: at.now, Blobs: 20, Records: 12, Duplicates: 5, SameTime: 3, PageSize: 2, Late: 20})
	server := httptest.NewTLSServer(sim)
	defer server.Close()
	tls := newProbe(t, sim)
	tls.client, tls.root = server.Client(), server.URL
	for way, p := range map[string]*probe{"TLS": tls, "direct": newProbe(t, sim)} {
		p.start(Exchange, DLP)
		k, once := sim.Checker(check.Options{}), sim.Checker(check.Options{Dedup: true})
		p.week(k, t0, Exchange, DLP)
		if r := k.Report(); !r.OK() || r.Expected != 2*20*12 || r.Types[Exchange].Expected != 20*12 {
			t.Errorf("%s: %v", way, r)
		}
		p.week(once, t0, Exchange, DLP)
		if r := once.Report(); r.Repeated == 0 || r.Lost > 0 || r.Expected+r.Repeated != 2*20*12 {
			t.Errorf("%s: %v", way, r)
		}
	}
	if a := sim.Account(); a.Blobs != 40 || a.BlobsAgain != 120 || a.Expected.Blobs != 40 || a.Expected.Records != 480 {
		t.Errorf("%+v", a)
	}
}

func TestCheckFindsDifferences(t *testing.T) {
	at := newClock()
	opt := Options{Seed: 1, Now: at.now, Blobs: 4, Records: 5, Subscribed: []string{Entra, General}}
	var truth [][]byte
	for _, s := range New(opt).series {
		if s.typ != Entra && s.typ != General {
			continue
		}
		for _, b := range s.blobs {
			for _, text := range b.records(0) {
				truth = append(truth, bytes.Clone(text))
			}
		}
	}
	replace := func(from, to string) func([][]byte) [][]byte {
		return func(all [][]byte) [][]byte {
			if !bytes.Contains(all[7], []byte(from)) {
				t.Fatalf("no %s in %s", from, all[7])
			}
			all[7] = bytes.Replace(all[7], []byte(from), []byte(to), 1)
			return all
		}
	}
	for _, test := range []struct {
		name   string
		change func([][]byte) [][]byte
		opt    check.Options
		want   check.Report // its numbers, Expected and Delivered aside
	}{
		{name: "nothing", change: func(all [][]byte) [][]byte { return all }},
		{name: "order of delivery", change: func(all [][]byte) [][]byte { slices.Reverse(all); return all }},
		{name: "white space", change: replace(`,"Operation":`, ", \"Operation\" :\t")},
		{name: "escapes", change: replace(`"RecordType"`, `"Rec\u006frdType"`)},
		{name: "lost", change: func(all [][]byte) [][]byte { return all[3:] }, want: check.Report{Lost: 3}},
		{name: "all lost", change: func([][]byte) [][]byte { return nil }, want: check.Report{Lost: 40}},
		{name: "repeated", change: func(all [][]byte) [][]byte { return append(all, all[0], all[0], all[9]) }, want: check.Report{Repeated: 3}},
		{name: "other value", change: replace(`"Version":1`, `"Version":2`), want: check.Report{Changed: 1}},
		{name: "number as float", change: replace(`"Version":1`, `"Version":1.0`), want: check.Report{Changed: 1}},
		{name: "number as string", change: replace(`"Version":1`, `"Version":"1"`), want: check.Report{Changed: 1}},
		{name: "missing member", change: replace(`"Version":1,`, ``), want: check.Report{Changed: 1}},
		{name: "added member", change: replace(`"Version":1,`, `"Version":1,"tag":"x",`), want: check.Report{Changed: 1}},
		{name: "added and ignored member", change: replace(`"Version":1,`, `"Version":1,"tag":{"a":[1,2]},`), opt: check.Options{Ignore: []string{"date", "tag"}}},
		{name: "other order", change: func(all [][]byte) [][]byte {
			var m map[string]json.RawMessage
			_ = json.Unmarshal(all[7], &m)
			all[7], _ = json.Marshal(m)
			return all
		}, want: check.Report{Changed: 1}},
		{name: "changed and as it was", change: func(all [][]byte) [][]byte {
			return append(all, bytes.Replace(all[7], []byte(`"Version":1`), []byte(`"Version":2`), 1))
		}, want: check.Report{Unexpected: 1}},
		{name: "made up", change: func(all [][]byte) [][]byte { return append(all, []byte(`{"Id":"x"}`), []byte(`{}`)) }, want: check.Report{Unexpected: 2}},
		{name: "not records", change: func(all [][]byte) [][]byte {
			return append(all, []byte(`42`), []byte(`[{}]`), []byte(`{"a":`), []byte(`{}{}`), nil)
		}, want: check.Report{Invalid: 5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sim := New(opt)
			got := sim.Check(slices.Values(test.change(slices.Clone(truth))), test.opt)
			want := test.want
			want.Expected, want.Delivered = 40, got.Delivered
			ok := got.OK()
			if ok != (test.want.Lost+test.want.Repeated+test.want.Changed+test.want.Unexpected+test.want.Invalid == 0) {
				t.Errorf("OK is %v", ok)
			}
			if !ok && len(got.Examples) == 0 {
				t.Error("no examples")
			}
			text := got.String()
			got.Types, got.Examples = nil, nil
			if g, w := got.String(), want.String(); g != w {
				t.Errorf("%s\nwant %s", text, w)
			}
		})
	}
}

func TestCheckLines(t *testing.T) {
	sim := New(Options{Seed: 1, Now: newClock().now, Blobs: 1, Records: 3, Subscribed: []string{DLP}})
	var file strings.Builder
	for text := range sim.series[4].blobs[0].texts(0) {
		file.WriteString("\n" + string(text))
	}
	if r, err := sim.CheckLines(strings.NewReader(file.String()), check.Options{}); err != nil || !r.OK() || r.Delivered != 3 {
		t.Errorf("%v %v", r, err)
	}
}
