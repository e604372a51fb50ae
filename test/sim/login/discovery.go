package login

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
)

const keyID = "simulated-signing-key"

func discovery(c *Counts) *int { return &c.Discovery }

// instance answers whether an authority is one of Microsoft's; here every host
// is, because whoever reaches this service means it.
func (s *Service) instance(w http.ResponseWriter, r *http.Request) {
	s.count(discovery)
	if s.failing(w, &s.discoveryFailures) {
		return
	}
	authorize, err := url.Parse(r.URL.Query().Get("authorization_endpoint"))
	if err != nil || authorize.Host == "" {
		s.refuse(w, Failure{Code: 50049})
		return
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(authorize.Path, "/"), "/")
	reply(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": "https://" + authorize.Host + "/" + tenant + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []any{map[string]any{
			"preferred_network": authorize.Host,
			"preferred_cache":   authorize.Host,
			"aliases":           []string{authorize.Host},
		}},
	})
}

func (s *Service) configuration(w http.ResponseWriter, r *http.Request) {
	s.count(discovery)
	if s.failing(w, &s.discoveryFailures) {
		return
	}
	name := r.PathValue("tenant")
	id := s.tenantID(name)
	if id == "" {
		s.refuse(w, Failure{Code: 90002, Error: "invalid_tenant", about: []any{name}})
		return
	}
	base := "https://" + r.Host + "/" + id
	s.mu.Lock()
	elsewhere := s.tokenEndpoint
	s.mu.Unlock()
	reply(w, http.StatusOK, map[string]any{
		"token_endpoint":                        first(elsewhere, base+"/oauth2/v2.0/token"),
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"issuer":                                base + "/v2.0",
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code", "id_token"},
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   r.Host,
	})
}

func (s *Service) keys(w http.ResponseWriter, _ *http.Request) {
	s.count(discovery)
	public := s.key().PublicKey
	encode := base64.RawURLEncoding.EncodeToString
	reply(w, http.StatusOK, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID,
		"n": encode(public.N.Bytes()), "e": encode(big.NewInt(int64(public.E)).Bytes()),
	}}})
}

// markHeader in the header of an answer asks reply for a byte order mark; it is not
// sent.
const markHeader = "X-Byte-Order-Mark"

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, mark := w.Header()[markHeader]
	w.Header().Del(markHeader)
	w.WriteHeader(status)
	if mark {
		_, _ = io.WriteString(w, "\ufeff")
	}
	_ = json.NewEncoder(w).Encode(body) // the caller may have gone away
}
