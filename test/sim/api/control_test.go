package api

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

func TestControls(t *testing.T) {
	at := newClock()
	sim := New(Options{Seed: 1, Now: at.now, Records: 2, Live: time.Minute, Types: []string{Exchange}})
	p := newProbe(t, sim)
	control := func(method, path, body string, status int) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "https://x/_sim/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := sim.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != status {
			t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, text)
		}
		return string(text)
	}

	control("POST", "auditing?state=off", "", 204)
	if r := p.do("POST", "subscriptions/start?contentType=Audit.Exchange"); r.status != 400 {
		t.Errorf("start with auditing off: %d", r.status)
	}
	control("POST", "auditing?state=on", "", 204)
	p.start(Exchange)
	control("POST", "disable?type=Audit.Exchange", "", 204)
	if r := p.do("GET", contentPath(Exchange, t0, t0.Add(time.Hour))); r.code() != "AF20023" {
		t.Errorf("disabled: %s", r.body)
	}
	p.start(Exchange)

	control("PUT", "faults", `[{"kind":"502"}]`, 204)
	if r := p.do("GET", "subscriptions/list"); r.status != 502 {
		t.Errorf("fault: %d", r.status)
	}
	if text := control("GET", "faults", "", 200); !strings.Contains(text, `"kind": "502"`) {
		t.Errorf("faults: %s", text)
	}
	control("PUT", "faults", `[{"kind":"x"}]`, 400)
	control("PUT", "faults", `[]`, 204)

	control("POST", "live?state=off", "", 204)
	at.move(time.Hour)
	control("POST", "produce?type=Audit.Exchange&blobs=3&records=5", "", 204)
	var a Account
	if err := json.Unmarshal([]byte(control("GET", "account", "", 200)), &a); err != nil || a.Expected.Records != 15 || a.Faults["502"] != 1 {
		t.Errorf("%v %+v", err, a)
	}

	var delivered strings.Builder
	entries, _ := p.list(Exchange, at.now(), at.now().Add(time.Hour))
	for _, e := range entries {
		for _, r := range p.records(e.ContentURI) {
			delivered.WriteString(`{"date":1.5,` + string(r[1:]) + "\n")
		}
	}
	var report check.Report
	if err := json.Unmarshal([]byte(control("POST", "check?ignore=date", delivered.String(), 200)), &report); err != nil || !report.OK() || report.Delivered != 15 {
		t.Errorf("%v %v", err, report)
	}
	if err := json.Unmarshal([]byte(control("POST", "check", delivered.String(), 200)), &report); err != nil || report.Changed != 15 {
		t.Errorf("%v %v", err, report)
	}
}
