package login_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

const (
	tenantID = "11111111-1111-4111-8111-111111111111"
	clientID = "22222222-2222-4222-8222-222222222222"
	api      = "https://manage.office.com"
)

// A clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func start(t *testing.T) (*login.Service, *clock, *httptest.Server) {
	t.Helper()
	c := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s := login.New(login.Options{Seed: 7, Now: c.Now})
	s.AddTenant(tenantID, "contoso.example.com")
	s.AddApp(login.App{ClientID: clientID, Secret: "value"}, tenantID)
	server := httptest.NewTLSServer(s)
	t.Cleanup(server.Close)
	return s, c, server
}

func form(changes ...string) url.Values {
	v := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {"value"}, "scope": {api + "/.default"},
	}
	for i := 0; i < len(changes); i += 2 {
		v.Set(changes[i], changes[i+1])
	}
	return v
}

func post(t *testing.T, server *httptest.Server, tenant string, form url.Values) (int, map[string]any) {
	t.Helper()
	resp, err := server.Client().PostForm(server.URL+"/"+tenant+"/oauth2/v2.0/token", form)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, resp)
}

func get(t *testing.T, server *httptest.Server, path string, header ...string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, resp)
}

func decode(t *testing.T, resp *http.Response) (int, map[string]any) {
	t.Helper()
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	_ = json.Unmarshal(data, &body) // some answers are plain text
	return resp.StatusCode, body
}

// TestSeed: two services of one seed answer the same, but for their keys.
func TestSeed(t *testing.T) {
	identifiers := func(seed uint64) string {
		s := login.New(login.Options{Seed: seed})
		s.AddApp(login.App{ClientID: clientID}, tenantID)
		token, err := s.Issue(tenantID, clientID, api)
		if err != nil {
			t.Fatal(err)
		}
		claims, err := s.Verify(token)
		if err != nil {
			t.Fatal(err)
		}
		return s.IdentityHeader() + " " + claims.ID
	}
	if one, two, other := identifiers(1), identifiers(1), identifiers(2); one != two || one == other {
		t.Errorf("%s, %s, %s", one, two, other)
	}
}

// TestConcurrent is for the race detector.
func TestConcurrent(t *testing.T) {
	s, _, server := start(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				status, body := post(t, server, tenantID, form())
				if status != 200 {
					t.Errorf("%d %v", status, body)
					return
				}
				_ = s.Revoke(body["access_token"].(string))
				s.SetTokenLifetime(time.Hour)
				s.SetSecret(clientID, "value")
				s.AddTenant(tenantID + "x")
				_ = s.Requests()
			}
		})
	}
	all.Wait()
}
