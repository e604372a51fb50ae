package api

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestFaultsAsSeenByAClient lets each fault happen to a blob of 40 records, over
// each way to reach the service, and checks what arrives.
func TestFaultsAsSeenByAClient(t *testing.T) {
	const (
		whole   = "whole"
		badJSON = "bad JSON"
		broken  = "broken body"
		none    = "no answer"
	)
	tests := []struct {
		fault Fault
		want  string // status and AF code, or one of the above
	}{
		{Fault{Kind: Throttle}, "403 AF429"},
		{Fault{Kind: "429", RetryAfter: 7}, "429 "},
		{Fault{Kind: "500"}, "500 "},
		{Fault{Kind: "503"}, "503 "},
		{Fault{Kind: "503", Text: `{"error":{"code":"AF50005","message":"x"}}`}, "503 AF50005"},
		{Fault{Kind: "408"}, "408 "},
		{Fault{Kind: Internal}, "500 AF50000"},
		{Fault{Kind: Unauthorized}, "401 "},
		{Fault{Kind: Refuse, Text: "AF20050"}, "404 AF20050"},
		{Fault{Kind: Reset}, none},
		{Fault{Kind: Hang, Delay: Duration{20 * time.Millisecond}}, none},
		{Fault{Kind: ResetBody}, broken},
		{Fault{Kind: Abort}, broken},
		{Fault{Kind: Truncate}, broken},
		{Fault{Kind: Stall, Delay: Duration{20 * time.Millisecond}}, broken},
		{Fault{Kind: Cut}, badJSON},
		{Fault{Kind: Slow, Delay: Duration{time.Microsecond}}, whole},
		{Fault{Kind: Drip}, whole},
		{Fault{Kind: Headers, Header: map[string]string{"Date": "-216h"}}, whole},
		{Fault{Kind: Flood, Text: "[1,", Size: 1 << 20}, badJSON},
		{Fault{Kind: "500", Text: "no ", Size: 1 << 20}, "500 "},
		{Fault{Kind: Insert, Text: Number}, "41 elements"},
		{Fault{Kind: Insert, Text: BadJSON}, badJSON},
		{Fault{Kind: Insert, Text: Truncated}, badJSON},
		{Fault{Kind: NextPageElsewhere, Text: "evil.example"}, whole},
	}
	at := newClock()
	sim := New(Options{Seed: 1, Now: at.now, Blobs: 1, Records: 40, Subscribed: []string{General}})
	id := sim.series[3].blobs[0].id
	outcome := func(p *probe) string {
		r, err := p.try("GET", "audit/"+id)
		switch {
		case r.status == 0:
			return none
		case r.status != http.StatusOK:
			return fmt.Sprintf("%d %s", r.status, r.code())
		case err != nil:
			return broken
		}
		var elements []json.RawMessage
		if json.Unmarshal([]byte(r.body), &elements) != nil {
			return badJSON
		}
		if len(elements) == 40 {
			return whole
		}
		return fmt.Sprintf("%d elements", len(elements))
	}
	for way, p := range ways(t, sim) {
		for _, test := range tests {
			sim.SetFaults(test.fault)
			if got := outcome(p); got != test.want {
				t.Errorf("%s, %s: %s, want %s", way, test.fault.Kind, got, test.want)
			}
		}
		sim.SetFaults(Fault{Kind: CutGzip})
		p.header.Set("Accept-Encoding", "identity")
		if got := outcome(p); got != badJSON {
			t.Errorf("%s, without gzip: %s", way, got)
		}
		p.header.Del("Accept-Encoding")
		if got := outcome(p); way != "direct" && got != broken {
			t.Errorf("%s, gzip without end: %s", way, got)
		}
	}
	if n := sim.Account().Faults[Throttle]; n != 3 {
		t.Errorf("%d throttled in the account, want 3", n)
	}
}

// ways gives a client for each way to reach a service: HTTP/1.1 and 2 over TLS,
// and without a network.
func ways(t *testing.T, sim *Service) map[string]*probe {
	one := httptest.NewTLSServer(sim)
	two := httptest.NewUnstartedServer(sim)
	two.EnableHTTP2 = true
	two.StartTLS()
	t.Cleanup(one.Close)
	t.Cleanup(two.Close)
	p := newProbe(t, sim)
	return map[string]*probe{
		"HTTP/1.1": {t, one.Client(), one.URL, p.header.Clone()},
		"HTTP/2":   {t, two.Client(), two.URL, p.header.Clone()},
		"direct":   p,
	}
}

func TestRetryAfter(t *testing.T) {
	sim := New(Options{Faults: []Fault{{Kind: "429", RetryAfter: 7}}})
	if got := newProbe(t, sim).do("GET", "subscriptions/list").header.Get("Retry-After"); got != "7" {
		t.Errorf("Retry-After %q", got)
	}
}

func TestAClientThatGivesUpEndsAHang(t *testing.T) {
	sim := New(Options{Faults: []Fault{{Kind: Hang}}})
	for way, p := range ways(t, sim) {
		p.client.Timeout = 50 * time.Millisecond
		if _, err := p.try("GET", "subscriptions/list"); err == nil {
			t.Errorf("%s: an answer", way)
		}
	}
	for range 200 {
		if sim.stats.underWay() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("requests are still under way")
}

func TestTokensAbroadAreCounted(t *testing.T) {
	at := newClock()
	sim := New(Options{Now: at.now, Back: 12 * time.Hour, Blobs: 3, PageSize: 2, Subscribed: []string{Exchange}})
	p := newProbe(t, sim)
	sim.SetFaults(Fault{Kind: NextPageElsewhere, Op: "content", Text: "evil.example", Times: 1}, Fault{Kind: ContentElsewhere, Op: "content", Text: "bad.example"})
	uri := contentPath(Exchange, t0.Add(-day), t0)
	next := p.do("GET", uri).header.Get("NextPageUri")
	if !strings.HasPrefix(next, "https://evil.example/api/v1.0/") {
		t.Fatalf("NextPageUri %s", next)
	}
	var entries []entry
	if err := json.Unmarshal([]byte(p.do("GET", uri).body), &entries); err != nil || !strings.HasPrefix(entries[0].ContentURI, "https://bad.example/api/v1.0/") {
		t.Fatalf("%v %v", entries, err)
	}
	if n := sim.Account().TokensAbroad; n != 0 {
		t.Errorf("%d tokens abroad before any", n)
	}
	p.do("GET", next)
	p.do("GET", entries[0].ContentURI)
	p.header.Del("Authorization")
	p.do("GET", next)
	if n := sim.Account().TokensAbroad; n != 2 {
		t.Errorf("%d tokens abroad, want 2", n)
	}
	sim.SetFaults(Fault{Kind: Redirect, Text: "away.example"})
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if r := p.do("GET", uri); r.status != 302 || !strings.HasPrefix(r.header.Get("Location"), "https://away.example/api/v1.0/") {
		t.Errorf("redirect: %d %v", r.status, r.header)
	}
}

func TestResetIsATCPReset(t *testing.T) {
	sim := New(Options{Faults: []Fault{{Kind: Reset}}})
	server := httptest.NewTLSServer(sim)
	defer server.Close()
	conn, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /api/v1.0/%s/activity/feed/subscriptions/list HTTP/1.1\r\nHost: x\r\n\r\n", DefaultTenant)
	if _, err := io.ReadAll(conn); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read ends with %v, want a reset", err)
	}
}

// What a fault puts into the header of an answer.
func TestHeaderFaults(t *testing.T) {
	at := newClock()
	sim := New(Options{Seed: 1, Now: at.now, Subscribed: []string{General}})
	for _, tt := range []struct{ name, value, want string }{
		{"Date", "-216h", at.now().Add(-216 * time.Hour).UTC().Format(http.TimeFormat)},
		{"Date", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"},
		{"Retry-After", "31536000", "31536000"},
		{"NextPageUri", "self", "https://service.example/api/v1.0/" + DefaultTenant + "/activity/feed/subscriptions/content?contentType=Audit.General"},
		{"NextPageUri", "unknown", "https://service.example/api/v1.0/" + DefaultTenant + "/activity/feed/subscriptions/content?contentType=Audit.General&nextpage=unknown"},
	} {
		sim.SetFaults(Fault{Kind: Headers, Op: "content", Header: map[string]string{tt.name: tt.value}})
		r := httptest.NewRequest("GET", "https://service.example/api/v1.0/"+DefaultTenant+"/activity/feed/subscriptions/content?contentType=Audit.General", nil)
		r.Header.Set("Authorization", "Bearer x")
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		if got := w.Header().Get(tt.name); got != tt.want || w.Code != http.StatusOK {
			t.Errorf("%s %s: %d, %q, want %q", tt.name, tt.value, w.Code, got, tt.want)
		}
	}
}
