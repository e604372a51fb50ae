package cloud

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// collect is a plain client: it starts what is wanted and reads everything.
func collect(t *testing.T, client *http.Client, root string, types []string, now time.Time) [][]byte {
	t.Helper()
	var records [][]byte
	seen := map[string]bool{}
	base := root + "/api/v1.0/" + DefaultTenant + "/activity/feed/"
	for _, typ := range types {
		do(t, client, "POST", base+"subscriptions/start?contentType="+typ)
		for back := 7; back > 0; back-- {
			start := now.Add(-time.Duration(back) * day)
			uri := base + "subscriptions/content?contentType=" + typ +
				"&startTime=" + start.Format("2006-01-02T15:04:05") + "&endTime=" + start.Add(day).Format("2006-01-02T15:04:05")
			for uri != "" {
				resp, body := do(t, client, "GET", uri)
				uri = resp.Header.Get("NextPageUri")
				var entries []struct{ ContentURI, ContentID string }
				if err := json.Unmarshal(body, &entries); err != nil {
					t.Fatal(err)
				}
				for _, e := range entries {
					if seen[e.ContentID] {
						t.Errorf("%s listed twice", e.ContentID)
					}
					seen[e.ContentID] = true
					_, body := do(t, client, "GET", e.ContentURI)
					var list []json.RawMessage
					if err := json.Unmarshal(body, &list); err != nil {
						t.Fatal(err)
					}
					for _, r := range list {
						records = append(records, r)
					}
				}
			}
		}
	}
	return records
}

func do(t *testing.T, client *http.Client, method, uri string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequest(method, uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer x")
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

func TestPlainClientGetsEverything(t *testing.T) {
	sim := New(Options{Seed: 1, Blobs: 20, Records: 30, Duplicates: 5, SameTime: 3, PageSize: 2})
	server := httptest.NewTLSServer(sim)
	defer server.Close()
	for name, client := range map[string]*http.Client{"tls": server.Client(), "direct": sim.Client()} {
		records := collect(t, client, server.URL, []string{Exchange, DLP}, sim.Now().Add(time.Minute))
		k := sim.Checker(CheckOptions{})
		for _, r := range records {
			k.Add(r)
		}
		if r := k.Report(); !r.OK() || r.Expected != 2*20*30 {
			t.Errorf("%s: %v", name, r)
		}
		k = sim.Checker(CheckOptions{Dedup: true})
		for _, r := range records {
			k.Add(r)
		}
		if r := k.Report(); r.Repeated == 0 || r.Lost > 0 || r.Expected+r.Repeated != 2*20*30 {
			t.Errorf("%s: %v", name, r)
		}
	}
	t.Logf("%+v", sim.Account())
}
