package login

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims are the content of a valid token.
type Claims struct {
	ID       string // the token's own identifier (uti)
	TenantID string
	ClientID string
	Audience string
	Roles    []string
	Issued   time.Time
	Expires  time.Time
}

// wire is an app-only access token in the v1.0 form, which is what Entra
// issues for the Management Activity API.
// https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
type wire struct {
	jwt.RegisteredClaims
	Audience string   `json:"aud"` // one text, where the package would write a list
	AppID    string   `json:"appid"`
	AppIDACR string   `json:"appidacr"`
	IDP      string   `json:"idp"`
	ObjectID string   `json:"oid"`
	Roles    []string `json:"roles,omitempty"`
	TenantID string   `json:"tid"`
	TokenID  string   `json:"uti"`
	Version  string   `json:"ver"`
}

// How the client proved itself, in the claim appidacr.
const (
	bySecret      = "1"
	byCertificate = "2"
)

// Issue returns a token as the token endpoint would, without a request. The
// tenant, the application and the resource (the API's URL) must be known.
func (s *Service) Issue(tenantID, clientID, resource string) (string, error) {
	app, ok := s.app(tenantID, clientID)
	if !ok {
		return "", fmt.Errorf("application %s is not known in tenant %s", clientID, tenantID)
	}
	if !s.knows(resource) {
		return "", fmt.Errorf("resource %s is not known", resource)
	}
	token, _ := s.issue(s.tenantID(tenantID), app.ClientID, resource, bySecret, app.Roles)
	return token, nil
}

func (s *Service) issue(tenantID, clientID, resource, acr string, roles []string) (string, Claims) {
	if roles == nil {
		roles = activityRoles
	}
	s.mu.Lock()
	lifetime := s.lifetime
	s.mu.Unlock()
	issued := s.now().Truncate(time.Second)
	claims := Claims{
		ID: s.id(), TenantID: tenantID, ClientID: clientID, Audience: resource,
		Roles: roles, Issued: issued, Expires: issued.Add(lifetime),
	}
	issuer := "https://sts.windows.net/" + tenantID + "/"
	object := s.id()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, wire{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			IssuedAt:  jwt.NewNumericDate(issued),
			NotBefore: jwt.NewNumericDate(issued),
			ExpiresAt: jwt.NewNumericDate(claims.Expires),
			Subject:   object,
		},
		Audience: resource, AppID: clientID, AppIDACR: acr, IDP: issuer, ObjectID: object,
		Roles: roles, TenantID: tenantID, TokenID: claims.ID, Version: "1.0",
	})
	token.Header["kid"] = keyID
	signed, _ := token.SignedString(s.key()) // an RSA key of ours does not fail
	s.mu.Lock()
	s.live[claims.ID] = true
	s.mu.Unlock()
	return signed, claims
}

// Verify checks a bearer token's signature, times and revocation. Audience,
// tenant and roles are for the caller to judge.
func (s *Service) Verify(token string) (Claims, error) {
	var w wire
	_, err := jwt.ParseWithClaims(token, &w,
		func(*jwt.Token) (any, error) { return s.key().Public(), nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(s.now), jwt.WithExpirationRequired())
	if err != nil {
		return Claims{}, err
	}
	claims := Claims{
		ID: w.TokenID, TenantID: w.TenantID, ClientID: w.AppID, Audience: w.Audience,
		Roles: w.Roles, Issued: w.IssuedAt.Time, Expires: w.ExpiresAt.Time,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live[claims.ID] {
		return Claims{}, errors.New("token is revoked")
	}
	return claims, nil
}

// Revoke makes a token invalid before it expires.
func (s *Service) Revoke(token string) error {
	claims, err := s.Verify(token)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, claims.ID)
	return nil
}

// RevokeAll makes every token invalid that has been issued so far.
func (s *Service) RevokeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.live)
}
