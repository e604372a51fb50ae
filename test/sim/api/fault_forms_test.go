package api

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"testing"
)

// The forms that faults give to a body have all of its elements.
func TestForms(t *testing.T) {
	sim := New(Options{Seed: 1, Now: newClock().now, Blobs: 1, Records: 10, Subscribed: []string{General}})
	blob := "audit/" + sim.series[3].blobs[0].id
	calls := []string{"subscriptions/list", contentPath(General, t0.Add(-day), t0), blob}
	sim.SetFaults(Fault{Kind: Mark})
	if got := newProbe(t, sim).do("POST", "subscriptions/start?contentType="+Exchange).body; !strings.HasPrefix(got, "\ufeff{") {
		t.Errorf("start, mark: %.80q", got)
	}
	for way, p := range ways(t, sim) {
		for _, call := range calls {
			sim.SetFaults()
			plain := p.do("GET", call).body
			sim.SetFaults(Fault{Kind: Mark})
			if got := p.do("GET", call).body; got != "\ufeff"+plain {
				t.Errorf("%s, %s, mark: %.80q", way, call, got)
			}
			sim.SetFaults(Fault{Kind: Behind})
			if got := p.do("GET", call).body; got != plain+"\x00" {
				t.Errorf("%s, %s, behind: %.80q", way, call, got)
			}
			sim.SetFaults(Fault{Kind: Behind, Text: "<p>"})
			if got := p.do("GET", call).body; got != plain+"<p>" {
				t.Errorf("%s, %s, behind: %.80q", way, call, got)
			}
			sim.SetFaults(Fault{Kind: Empty})
			if got := p.do("GET", call); got.body != "" || got.status != 200 {
				t.Errorf("%s, %s, empty: %+v", way, call, got)
			}
			for _, status := range []int{200, 201} {
				const refusal = `{"error":{"code":"AF429","message":"x"}}`
				sim.SetFaults(Fault{Kind: strconv.Itoa(status), Text: refusal})
				if got := p.do("GET", call); got.body != refusal || got.status != status {
					t.Errorf("%s, %s, error: %+v", way, call, got)
				}
				sim.SetFaults(Fault{Kind: strconv.Itoa(status)})
				if got := p.do("GET", call); !strings.HasPrefix(got.body, "<html>") || got.status != status {
					t.Errorf("%s, %s, page: %+v", way, call, got)
				}
			}
			for _, status := range []int{403, 407, 502, 503} {
				for text, begin := range map[string]string{"": "<html>", "Blocked by policy": "Blocked"} {
					sim.SetFaults(Fault{Kind: strconv.Itoa(status), Text: text})
					for _, call := range []string{call, contentPath(General, t0.Add(-day), t0) + "&nextPage=2"} {
						if got := p.do("GET", call); !strings.HasPrefix(got.body, begin) || got.status != status {
							t.Errorf("%s, %s, %q: %+v", way, call, text, got)
						}
					}
				}
			}
			sim.SetFaults(Fault{Kind: "204"})
			if got := p.do("GET", call); got.body != "" || got.status != 204 {
				t.Errorf("%s, %s, 204: %+v", way, call, got)
			}
		}
		sim.SetFaults()
		var want []json.RawMessage
		if err := json.Unmarshal([]byte(p.do("GET", blob).body), &want); err != nil {
			t.Fatal(err)
		}
		for kind, values := range map[string]int{Lines: 10, Arrays: 2} {
			sim.SetFaults(Fault{Kind: kind, At: 0.3})
			dec := json.NewDecoder(strings.NewReader(p.do("GET", blob).body))
			var got []json.RawMessage
			n := 0
			for ; ; n++ {
				var value json.RawMessage
				if err := dec.Decode(&value); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("%s, %s: %v", way, kind, err)
				}
				var elements []json.RawMessage
				if json.Unmarshal(value, &elements) != nil {
					elements = []json.RawMessage{value}
				}
				got = append(got, elements...)
			}
			if n != values || len(got) != len(want) {
				t.Fatalf("%s, %s: %d values, %d elements", way, kind, n, len(got))
			}
			for i := range got {
				if string(got[i]) != string(want[i]) {
					t.Errorf("%s, %s: element %d is %s, want %s", way, kind, i, got[i], want[i])
				}
			}
		}
	}
}
