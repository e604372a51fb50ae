package login

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	assertionType      = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	federationAudience = "api://AzureADTokenExchange"
	clockSkew          = 5 * time.Minute // what Entra forgives
)

// token is the client credentials grant.
func (s *Service) token(w http.ResponseWriter, r *http.Request) {
	s.count(func(c *Counts) *int { return &c.Token })
	_ = r.ParseForm() // before waiting, or the server does not see a caller leave
	s.hold(r)
	if s.failing(w, &s.failures) {
		return
	}
	if refusal := s.grant(w, r); refusal != nil {
		s.refuse(w, *refusal)
	}
}

func (s *Service) grant(w http.ResponseWriter, r *http.Request) *Failure {
	name := r.PathValue("tenant")
	tenantID := s.tenantID(name)
	if tenantID == "" {
		return &Failure{Code: 90002, about: []any{name}}
	}
	if kind := r.PostFormValue("grant_type"); kind != "client_credentials" {
		return &Failure{Code: 70003, about: []any{kind}}
	}
	clientID, scope := r.PostFormValue("client_id"), ""
	if clientID == "" {
		return &Failure{Code: 900144, about: []any{"client_id"}}
	}
	// Libraries add openid and the like to the scope of every request.
	for word := range strings.FieldsSeq(r.PostFormValue("scope")) {
		if !slices.Contains([]string{"openid", "profile", "offline_access"}, word) {
			scope = word
		}
	}
	resource, ok := strings.CutSuffix(scope, "/.default")
	if !ok {
		return &Failure{Code: 1002012, about: []any{scope}}
	}
	app, ok := s.app(tenantID, clientID)
	if !ok {
		return &Failure{Code: 700016, about: []any{clientID, tenantID}}
	}
	if app.Disabled {
		return &Failure{Code: 7000112, about: []any{clientID}}
	}
	acr, refusal := s.authenticate(r, app)
	if refusal != nil {
		return refusal
	}
	if !s.knows(resource) {
		return &Failure{Code: 500011, about: []any{resource, tenantID}}
	}
	signed, claims := s.issue(tenantID, app.ClientID, resource, acr, app.Roles)
	seconds := int(claims.Expires.Sub(s.now()).Round(time.Second) / time.Second)
	reply(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": signed,
	})
	return nil
}

// authenticate checks what the client brought to prove itself.
func (s *Service) authenticate(r *http.Request, app App) (acr string, refusal *Failure) {
	if secret := r.PostFormValue("client_secret"); secret != "" {
		if app.Secret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(app.Secret)) == 0 {
			return "", &Failure{Code: 7000215, about: []any{app.ClientID}}
		}
		if !app.SecretExpires.IsZero() && s.now().After(app.SecretExpires) {
			return "", &Failure{Code: 7000222, about: []any{app.ClientID}}
		}
		return bySecret, nil
	}
	assertion := r.PostFormValue("client_assertion")
	if assertion == "" || r.PostFormValue("client_assertion_type") != assertionType {
		return "", &Failure{Code: 7000216}
	}
	unverified, _, err := jwt.NewParser().ParseUnverified(assertion, &jwt.RegisteredClaims{})
	if err != nil {
		return "", &Failure{Code: 50027}
	}
	if issuer, _ := unverified.Claims.GetIssuer(); strings.EqualFold(issuer, app.ClientID) {
		return byCertificate, s.byCertificate(r, app, assertion, unverified)
	}
	return byCertificate, s.byFederation(app, assertion, unverified)
}

// byCertificate checks a JWT that the application signed with its own key.
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials
func (s *Service) byCertificate(r *http.Request, app App, assertion string, unverified *jwt.Token) *Failure {
	certificate, thumbprint := registered(app.Certificates, unverified.Header)
	if certificate == nil {
		return &Failure{Code: 700027, about: []any{"The key was not found.", thumbprint, app.ClientID}}
	}
	if s.now().After(certificate.NotAfter) {
		return &Failure{Code: 700027, about: []any{"The key used is expired.", thumbprint, app.ClientID}}
	}
	refusal := s.verify(assertion, certificate.PublicKey,
		jwt.WithValidMethods([]string{"RS256", "PS256"}),
		jwt.WithAudience("https://"+r.Host+r.URL.Path), jwt.WithSubject(app.ClientID))
	if refusal != nil && refusal.Code == 0 {
		return &Failure{Code: 700027, about: []any{"The provided signature value did not match the expected signature value.", thumbprint, app.ClientID}}
	}
	return refusal
}

// byFederation checks a JWT of an issuer that the application trusts.
// https://learn.microsoft.com/entra/workload-id/workload-identity-federation
func (s *Service) byFederation(app App, assertion string, unverified *jwt.Token) *Failure {
	claims := unverified.Claims.(*jwt.RegisteredClaims)
	var refusal *Failure
	for _, f := range app.Federated {
		audience := first(f.Audience, federationAudience)
		switch {
		case f.Issuer != claims.Issuer:
		case f.Subject != claims.Subject:
			refusal = &Failure{Code: 700213, about: []any{claims.Subject}}
		case !slices.Contains(claims.Audience, audience):
			refusal = &Failure{Code: 700212, about: []any{strings.Join(claims.Audience, " ")}}
		default:
			refusal = s.verify(assertion, f.Key, jwt.WithValidMethods([]string{"RS256", "PS256", "ES256"}), jwt.WithAudience(audience))
			if refusal != nil && refusal.Code == 0 {
				return &Failure{Code: 50027}
			}
			return refusal
		}
	}
	return first(refusal, &Failure{Code: 700211, about: []any{claims.Issuer}})
}

// verify checks signature and claims of an assertion. A Failure without a
// Code means that they do not fit; what that is called is the caller's affair.
func (s *Service) verify(assertion string, key any, options ...jwt.ParserOption) *Failure {
	var claims jwt.RegisteredClaims
	options = append(options, jwt.WithTimeFunc(s.now), jwt.WithLeeway(clockSkew), jwt.WithExpirationRequired())
	_, err := jwt.ParseWithClaims(assertion, &claims, func(*jwt.Token) (any, error) { return key, nil }, options...)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet):
		stamp := func(d *jwt.NumericDate) string {
			if d == nil {
				return "1970-01-01T00:00:00.0000000Z"
			}
			return d.UTC().Format("2006-01-02T15:04:05.0000000Z")
		}
		return &Failure{Code: 700024, about: []any{stamp(jwt.NewNumericDate(s.now())), stamp(claims.NotBefore), stamp(claims.ExpiresAt)}}
	default:
		return &Failure{}
	}
}

// registered finds the certificate that an assertion's header names, and how
// it was named. Libraries write the thumbprint in both base64 alphabets.
func registered(certificates []*x509.Certificate, header map[string]any) (*x509.Certificate, string) {
	named := func(key string) []byte {
		text, _ := header[key].(string)
		text = strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "=")
		sum, _ := base64.RawURLEncoding.DecodeString(text)
		return sum
	}
	one, two := named("x5t"), named("x5t#S256")
	for _, c := range certificates {
		sum1, sum2 := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
		if len(one) > 0 && slices.Equal(one, sum1[:]) || len(two) > 0 && slices.Equal(two, sum2[:]) {
			return c, strings.ToUpper(hex.EncodeToString(sum1[:]))
		}
	}
	return nil, strings.ToUpper(hex.EncodeToString(slices.Concat(one, two)))
}
