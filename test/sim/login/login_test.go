package login_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

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

func TestToken(t *testing.T) {
	s, c, server := start(t)
	for _, tenant := range []string{tenantID, strings.ToUpper(tenantID), "contoso.example.com"} {
		status, body := post(t, server, tenant, form("scope", "openid "+api+"/.default profile"))
		if status != http.StatusOK || body["expires_in"] != 3600.0 || body["token_type"] != "Bearer" {
			t.Fatalf("%s: %d %v", tenant, status, body)
		}
		claims, err := s.Verify(body["access_token"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if claims.TenantID != tenantID || claims.ClientID != clientID || claims.Audience != api ||
			!slices.Equal(claims.Roles, []string{"ActivityFeed.Read", "ActivityFeed.ReadDlp"}) ||
			!claims.Issued.Equal(c.Now()) || !claims.Expires.Equal(c.Now().Add(time.Hour)) {
			t.Errorf("claims %+v", claims)
		}
	}
	if n := s.Requests(); n.Token != 3 {
		t.Errorf("counted %+v", n)
	}
}

func TestVerify(t *testing.T) {
	s, c, _ := start(t)
	issue := func() string {
		token, err := s.Issue(tenantID, clientID, api)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	bad := func(name, token string) {
		t.Helper()
		if claims, err := s.Verify(token); err == nil {
			t.Errorf("%s token is valid: %+v", name, claims)
		}
	}
	one, two := issue(), issue()
	if one == two {
		t.Error("two tokens are one")
	}
	if err := s.Revoke(one); err != nil {
		t.Fatal(err)
	}
	bad("revoked", one)
	if _, err := s.Verify(two); err != nil {
		t.Error(err)
	}
	bad("foreign", func() string {
		other := login.New(login.Options{Seed: 7, Now: c.Now})
		other.AddApp(login.App{ClientID: clientID}, tenantID)
		token, err := other.Issue(tenantID, clientID, api)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}())
	bad("broken", two[:len(two)-4])
	bad("empty", "")
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"exp": 1 << 40}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	bad("unsigned", unsigned)

	s.SetTokenLifetime(time.Minute)
	short := issue()
	c.move(time.Minute)
	bad("expired", short)
	if _, err := s.Verify(two); err != nil {
		t.Error(err)
	}
	s.RevokeAll()
	bad("revoked", two)
	s.ChangeApp(clientID, func(a *login.App) { a.Roles = []string{} })
	if claims, err := s.Verify(issue()); err != nil || len(claims.Roles) != 0 {
		t.Errorf("roles %v, %v", claims.Roles, err)
	}
}

func TestIssueUnknown(t *testing.T) {
	s, _, _ := start(t)
	for _, names := range [][3]string{{"x", clientID, api}, {tenantID, "x", api}, {tenantID, clientID, "https://example.com"}} {
		if _, err := s.Issue(names[0], names[1], names[2]); err == nil {
			t.Errorf("issued for %v", names)
		}
	}
	s.AddResource("https://example.com/")
	if _, err := s.Issue(tenantID, clientID, "https://example.com"); err != nil {
		t.Error(err)
	}
	if _, err := s.Issue(tenantID, clientID, "https://127.0.0.1:8443"); err != nil {
		t.Error(err)
	}
}

func TestRefusals(t *testing.T) {
	s, c, server := start(t)
	s.AddTenant("33333333-3333-4333-8333-333333333333")
	tests := []struct {
		name   string
		tenant string
		form   url.Values
		status int
		word   string
		code   float64
		text   string
	}{
		{"wrong secret", tenantID, form("client_secret", "id"), 401, "invalid_client", 7000215,
			"AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '" + clientID + "'. Trace ID: "},
		{"no secret", tenantID, form("client_secret", ""), 401, "invalid_client", 7000216, "AADSTS7000216: "},
		{"app of another tenant", "33333333-3333-4333-8333-333333333333", form(), 400, "unauthorized_client", 700016, "AADSTS700016: Application with identifier '" + clientID + "'"},
		{"unknown tenant", "x", form(), 400, "invalid_request", 90002, "AADSTS90002: Tenant 'x' not found. "},
		{"user's grant", tenantID, form("grant_type", "password"), 400, "unsupported_grant_type", 70003, "AADSTS70003: "},
		{"no client", tenantID, form("client_id", ""), 400, "invalid_request", 900144, "AADSTS900144: "},
		{"user's scope", tenantID, form("scope", api+"/ActivityFeed.Read"), 400, "invalid_scope", 1002012, "AADSTS1002012: "},
		{"unknown API", tenantID, form("scope", "https://example.com/.default"), 400, "invalid_resource", 500011, "AADSTS500011: The resource principal named https://example.com was"},
		{"garbage for an assertion", tenantID, form("client_secret", "", "client_assertion", "x", "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
			400, "invalid_request", 50027, "AADSTS50027: "},
	}
	description := regexp.MustCompile(`^AADSTS\d+: .* Trace ID: [0-9a-f-]{36} Correlation ID: [0-9a-f-]{36} Timestamp: 2026-03-01 12:00:00Z$`)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := post(t, server, tt.tenant, tt.form)
			text, _ := body["error_description"].(string)
			if status != tt.status || body["error"] != tt.word || !slices.Equal(body["error_codes"].([]any), []any{tt.code}) || !strings.HasPrefix(text, tt.text) {
				t.Errorf("%d %v", status, body)
			}
			if !description.MatchString(text) || strings.Contains(text, "%!") {
				t.Errorf("description %q", text)
			}
		})
	}
	t.Run("expired secret", func(t *testing.T) {
		s.ChangeApp(clientID, func(a *login.App) { a.SecretExpires = c.Now() })
		c.move(time.Second)
		if status, body := post(t, server, tenantID, form()); status != 401 || body["error_codes"].([]any)[0] != 7000222.0 {
			t.Errorf("%d %v", status, body)
		}
		s.SetSecret(clientID, "next")
		if status, _ := post(t, server, tenantID, form("client_secret", "next")); status != 200 {
			t.Errorf("new secret: %d", status)
		}
	})
}

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

func TestDiscovery(t *testing.T) {
	s, _, server := start(t)
	host := strings.TrimPrefix(server.URL, "https://")
	_, body := get(t, server, "/common/discovery/instance?api-version=1.1&authorization_endpoint="+
		url.QueryEscape("https://login.microsoftonline.com/"+tenantID+"/oauth2/v2.0/authorize"))
	if want := "https://login.microsoftonline.com/" + tenantID + "/v2.0/.well-known/openid-configuration"; body["tenant_discovery_endpoint"] != want {
		t.Errorf("instance discovery %v", body)
	}
	if status, body := get(t, server, "/common/discovery/instance"); status != 400 || body["error"] != "invalid_instance" {
		t.Errorf("instance discovery of nothing: %d %v", status, body)
	}
	_, body = get(t, server, "/contoso.example.com/v2.0/.well-known/openid-configuration")
	if want := "https://" + host + "/" + tenantID + "/oauth2/v2.0/token"; body["token_endpoint"] != want {
		t.Errorf("configuration %v", body)
	}
	if status, body := get(t, server, "/x/v2.0/.well-known/openid-configuration"); status != 400 || body["error"] != "invalid_tenant" {
		t.Errorf("unknown tenant: %d %v", status, body)
	}

	// Whoever reads the published key can check a token.
	token, err := s.Issue(tenantID, clientID, api)
	if err != nil {
		t.Fatal(err)
	}
	_, body = get(t, server, "/"+tenantID+"/discovery/v2.0/keys")
	published := body["keys"].([]any)[0].(map[string]any)
	number := func(name string) *big.Int {
		data, err := base64.RawURLEncoding.DecodeString(published[name].(string))
		if err != nil {
			t.Fatal(err)
		}
		return new(big.Int).SetBytes(data)
	}
	key := &rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}
	parsed, err := jwt.NewParser(jwt.WithoutClaimsValidation()).Parse(token, func(*jwt.Token) (any, error) { return key, nil })
	if err != nil || parsed.Header["kid"] != published["kid"] {
		t.Errorf("token does not fit the published key: %v", err)
	}
}

func TestMachine(t *testing.T) {
	s, _, server := start(t)
	const user = "66666666-6666-4666-8666-666666666666"
	s.AddIdentity(login.Identity{TenantID: tenantID, ClientID: user, Roles: []string{"ActivityFeed.Read"}})
	query := "?api-version=2018-02-01&resource=" + url.QueryEscape(api)
	tests := []struct {
		name, path string
		header     []string
		status     int
		text       string
	}{
		{"no metadata header", login.IMDSPath + query, nil, 400, "Required metadata header not specified"},
		{"no system-assigned identity", login.IMDSPath + query, []string{"Metadata", "true"}, 400, "Identity not found"},
		{"no resource", login.IMDSPath + "?api-version=1", []string{"Metadata", "true"}, 400, "Required query variable 'resource' or 'api-version' is missing"},
		{"no identity header", login.AppServicePath + query, []string{"X-Identity-Header", "guess"}, 401, ""},
		{"IMDS", login.IMDSPath + query + "&client_id=" + user, []string{"Metadata", "true"}, 200, ""},
		{"App Service", login.AppServicePath + query + "&client_id=" + user, []string{"X-Identity-Header", s.IdentityHeader()}, 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := get(t, server, tt.path, tt.header...)
			text, _ := body["error_description"].(string)
			if status != tt.status || text != tt.text {
				t.Fatalf("%d %v", status, body)
			}
			if status == 200 {
				claims, err := s.Verify(body["access_token"].(string))
				if err != nil || claims.ClientID != user || !slices.Equal(claims.Roles, []string{"ActivityFeed.Read"}) || body["expires_in"] != "3600" {
					t.Errorf("%+v, %v, %v", claims, err, body)
				}
			}
		})
	}
	if n := s.Requests().Identity; n != len(tests) {
		t.Errorf("counted %d", n)
	}
}

// TestSeed: two services of one seed say the same, but for their keys.
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
