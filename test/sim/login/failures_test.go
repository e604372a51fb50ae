package login_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

func TestFailNext(t *testing.T) {
	s, _, server := start(t)
	s.FailNext(1, login.Failure{Status: 429, RetryAfter: 7 * time.Second})
	s.FailNext(1, login.Failure{Code: 90033})
	s.FailNext(1, login.Failure{Drop: true})

	resp, err := server.Client().PostForm(server.URL+"/"+tenantID+"/oauth2/v2.0/token", form())
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "7" {
		t.Errorf("%d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	if status, body := post(t, server, tenantID, form()); status != 503 || body["error"] != "temporarily_unavailable" {
		t.Errorf("%d %v", status, body)
	}
	if resp, err := server.Client().PostForm(server.URL+"/"+tenantID+"/oauth2/v2.0/token", form()); err == nil {
		_ = resp.Body.Close()
		t.Error("connection was not dropped")
	}
	if status, _ := post(t, server, tenantID, form()); status != 200 {
		t.Errorf("after the failures: %d", status)
	}
	s.FailNext(5, login.Failure{Code: 53003})
	s.FailNext(0, login.Failure{})
	if status, _ := post(t, server, tenantID, form()); status != 200 {
		t.Errorf("after taking failures back: %d", status)
	}
}

// What goes wrong on demand beside refusals.
func TestMisbehaviour(t *testing.T) {
	s := login.New(login.Options{})
	s.AddApp(login.App{ClientID: clientID, Secret: "right"}, tenantID)
	server := httptest.NewTLSServer(s)
	defer server.Close()
	c := server.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ask := func(path string) *http.Response {
		t.Helper()
		resp, err := c.PostForm(server.URL+path, url.Values{})
		if strings.HasSuffix(path, "configuration") {
			resp, err = c.Get(server.URL + path)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	token, configuration := "/"+tenantID+"/oauth2/v2.0/token", "/"+tenantID+"/v2.0/.well-known/openid-configuration"

	s.FailNext(1, login.Failure{Status: 308, Location: "https://elsewhere.example/"})
	if resp := ask(token); resp.StatusCode != 308 || resp.Header.Get("Location") != "https://elsewhere.example/" {
		t.Errorf("a redirect: %s to %s", resp.Status, resp.Header.Get("Location"))
	}
	s.FailDiscovery(1, login.Failure{Location: "/here"})
	if resp := ask(configuration); resp.StatusCode != 302 {
		t.Errorf("a redirect of discovery: %s", resp.Status)
	}
	s.FailNext(1, login.Failure{Size: 1 << 20})
	resp := ask(token)
	if n, err := io.Copy(io.Discard, resp.Body); n != 1<<20 || err != nil || resp.StatusCode != 200 {
		t.Errorf("a large answer: %s, %d bytes, %v", resp.Status, n, err)
	}
	s.FailNext(1, login.Failure{Size: 3, Drip: 20 * time.Millisecond, Status: 400})
	begun := time.Now()
	resp = ask(token)
	if n, _ := io.Copy(io.Discard, resp.Body); n != 3 || time.Since(begun) < 40*time.Millisecond || resp.StatusCode != 400 {
		t.Errorf("a dripping answer: %s, %d bytes in %v", resp.Status, n, time.Since(begun))
	}
	s.NameTokenEndpoint("http://elsewhere.example/token")
	text, _ := io.ReadAll(ask(configuration).Body)
	if !strings.Contains(string(text), `"token_endpoint":"http://elsewhere.example/token"`) {
		t.Errorf("discovery names %s", text)
	}
}
