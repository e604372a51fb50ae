package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/server"
)

// served is the program, running.
type served struct {
	*testing.T
	ready  map[string]string
	client *http.Client
	stop   func() string // gives what was printed after "ready"
}

func serve(t *testing.T, args ...string) *served {
	t.Helper()
	dir := t.TempDir()
	readyFile, ca := filepath.Join(dir, "ready.json"), filepath.Join(dir, "ca.pem")
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-listen", "127.0.0.1:0", "-ready-file", readyFile, "-ca-out", ca}, args...), out)
		_ = out.CloseWithError(err)
		done <- err
	}()
	lines := bufio.NewReader(in)
	for line := ""; line != "ready\n"; {
		var err error
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	rest := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(lines)
		rest <- string(text)
	}()

	s := &served{T: t}
	s.stop = func() string {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		return <-rest
	}
	var err error
	if s.client, err = server.Client(ca); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		text, err := os.ReadFile(readyFile)
		if err == nil {
			if err := json.Unmarshal(text, &s.ready); err != nil {
				t.Fatal(err)
			}
			return s
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("no ready file")
	return nil
}

func (s *served) token(audience, secret string) string {
	s.Helper()
	resp, err := s.client.PostForm(s.ready["authority_host"]+"/"+s.ready["tenant_id"]+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {s.ready["client_id"]}, "client_secret": {secret}, "scope": {audience + "/.default"},
	})
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		s.Fatal(err)
	}
	return answer.Token
}

func (s *served) do(method, path, token string) int {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.ready["endpoint"]+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := s.client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestServe(t *testing.T) {
	s := serve(t, "-tenants", "2", "-records", "3", "-flaky", "0")
	s.ready["tenant_id"], _, _ = strings.Cut(s.ready["tenant_id"], ",")
	if s.ready["tenant_id"] != api.DefaultTenant {
		t.Errorf("tenant %s", s.ready["tenant_id"])
	}
	list := "/api/v1.0/" + s.ready["tenant_id"] + "/activity/feed/subscriptions/list"
	token := s.token(s.ready["endpoint"], s.ready["client_secret"])
	if got := s.do("GET", list, token); got != 200 {
		t.Errorf("list: %d", got)
	}
	if got := s.do("GET", list, s.token("https://manage.office.com", s.ready["client_secret"])); got != 401 {
		t.Errorf("token for another audience: %d", got)
	}
	if got := s.do("GET", strings.Replace(list, "5555/", "5556/", 1), token); got != 400 {
		t.Errorf("token of another tenant: %d", got)
	}
	if got := s.do("POST", "/_sim/login/revoke", ""); got != 204 {
		t.Errorf("revoke: %d", got)
	}
	if got := s.do("GET", list, token); got != 401 {
		t.Errorf("revoked token: %d", got)
	}
	if got := s.do("POST", "/_sim/login/secret?value=new", ""); got != 204 {
		t.Errorf("secret: %d", got)
	}
	if s.token(s.ready["endpoint"], s.ready["client_secret"]) != "" || s.token(s.ready["endpoint"], "new") == "" {
		t.Error("the secret has not changed")
	}
	if text := s.stop(); !strings.Contains(text, `"list": {`) {
		t.Errorf("account: %s", text)
	}
}

func TestStopEndsHangingRequests(t *testing.T) {
	s := serve(t, "-http1", "-faults", `[{"kind":"hang"}]`)
	broken := make(chan error, 1)
	go func() {
		_, err := s.client.Get(s.ready["endpoint"] + "/api/v1.0/x/activity/feed/subscriptions/list")
		broken <- err
	}()
	time.Sleep(50 * time.Millisecond)
	begun := time.Now()
	s.stop()
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("stop took %v", took)
	}
	if err := <-broken; err == nil {
		t.Error("the request was answered")
	}
}

func TestCommandLine(t *testing.T) {
	s, err := parse([]string{"-large-size", "25M", "-record-size", "4k", "-types", "Audit.Exchange,DLP.All", "-flaky", "10", "-faults", `[{"kind":"503"}]`, "-start", "2026-03-14T15:09:26Z", "-tenants", "2"})
	if err != nil {
		t.Fatal(err)
	}
	o := s.API
	if o.LargeSize != 25<<20 || o.RecordSize != 4<<10 || len(o.Types) != 2 || len(o.Faults) < 5 || o.Faults[len(o.Faults)-1].Kind != "503" || o.Start.IsZero() || len(o.Tenants) != 2 || o.Tenants[0] != api.DefaultTenant {
		t.Errorf("%+v", o)
	}
	for _, args := range [][]string{{"-start", "today"}, {"-faults", "x"}, {"-faults", "@/nowhere/at/all"}, {"-large-size", "big"}, {"more"}, {"-no-such-flag"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	if s, err := parse([]string{"-h"}); s != nil || err != nil {
		t.Errorf("-h: %v %v", s, err)
	}
}

func TestServeVault(t *testing.T) {
	s := serve(t, "-vault")
	if s.ready["client_secret"] != "" || s.ready["client_secret_uri"] != "https://simulated.vault.azure.net/secrets/o365" || s.ready["proxy"] == "" || s.ready["IDENTITY_HEADER"] == "" {
		t.Errorf("settings %v", s.ready)
	}
	if got := s.do("POST", "/_sim/vault/secret?value=new", ""); got != 204 {
		t.Errorf("secret: %d", got)
	}
	proxy, err := url.Parse(s.ready["proxy"])
	if err != nil {
		t.Fatal(err)
	}
	s.client.Transport.(*http.Transport).Proxy = http.ProxyURL(proxy)
	resp, err := s.client.Get(s.ready["client_secret_uri"] + "?api-version=7.6")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if challenge := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != 401 || !strings.Contains(challenge, `resource="https://vault.azure.net"`) {
		t.Errorf("%d %s", resp.StatusCode, challenge)
	}
}
