package login_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

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
