package login_test

import (
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
	"github.com/golang-jwt/jwt/v5"
)

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
