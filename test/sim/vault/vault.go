// Package vault simulates the secrets of an Azure Key Vault: the challenge that names
// the tenant and the resource, roles, the firewall, versions, and secrets that are
// disabled, deleted or out of their time. Refusals have Key Vault's own bodies.
//
// Specification: https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses,
// https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret and
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes. That an expired
// secret is given all the same: https://github.com/Azure/AzureKeyVault/issues/19.
package vault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// Resource is what tokens for a vault are for.
const Resource = "https://vault.azure.net"

// Options describe a vault.
type Options struct {
	Name     string // the host is Name.vault.azure.net
	TenantID string // that it belongs to
	// Verify checks a token: see [login.Service.Verify].
	Verify func(token string) (login.Claims, error)
}

// A Secret is one version.
type Secret struct {
	Value, ContentType string
	Disabled           bool
	Expires, NotBefore time.Time // none if zero
}

// Service is the simulated vault. It is safe for concurrent use.
type Service struct {
	options Options

	mu        sync.Mutex
	secrets   map[string][]Secret // versions by name, the newest last
	readers   map[string]bool     // client ids
	firewall  bool
	challenge string // in place of the true one
	failures  []int
	down      int // status of all answers, 0 for none
	asked     int
}

// New returns a vault that is empty, and that nobody may read.
func New(options Options) *Service {
	return &Service{options: options, secrets: map[string][]Secret{}, readers: map[string]bool{}}
}

// Host is that of the vault.
func (s *Service) Host() string { return s.options.Name + ".vault.azure.net" }

// URI is the identifier of a secret's newest version.
func (s *Service) URI(name string) string { return "https://" + s.Host() + "/secrets/" + name }

// Allow gives an identity the role Key Vault Secrets User.
func (s *Service) Allow(clientID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers[strings.ToLower(clientID)] = true
}

// Deny takes the role from all identities.
func (s *Service) Deny() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.readers)
}

// Put stores a new version of a secret and returns its identifier.
func (s *Service) Put(name string, secret Secret) (uri string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets[name] = append(s.secrets[name], secret)
	return s.URI(name) + "/" + version(len(s.secrets[name])-1)
}

// Change changes the newest version.
func (s *Service) Change(name string, change func(*Secret)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if all := s.secrets[name]; len(all) > 0 {
		change(&all[len(all)-1])
	}
}

// Delete removes a secret. That it can be recovered, no reader is shown.
func (s *Service) Delete(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.secrets, name)
}

// SetFirewall makes the vault refuse this machine's address.
func (s *Service) SetFirewall(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.firewall = on
}

// SetChallenge replaces the header WWW-Authenticate; "" is the true one.
func (s *Service) SetChallenge(header string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.challenge = header
}

// FailNext makes so many requests fail with a status.
func (s *Service) FailNext(times, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range times {
		s.failures = append(s.failures, status)
	}
}

// SetDown makes all requests fail with a status, until it is 0.
func (s *Service) SetDown(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = status
}

// Requests is how many requests with a token have arrived so far.
func (s *Service) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// ServeHTTP answers as the vault does.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != 0 {
		refuse(w, s.down, http.StatusText(s.down), "", "A made-up failure.")
		return
	}
	if len(s.failures) > 0 {
		status := s.failures[0]
		s.failures = s.failures[1:]
		refuse(w, status, http.StatusText(status), "", "A made-up failure.")
		return
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		s.refuseToken(w, "AKV10000: Request is missing a Bearer or PoP token.")
		return
	}
	s.asked++
	claims, err := s.options.Verify(token)
	switch {
	case err != nil:
		s.refuseToken(w, "AKV10022: Invalid audience or token: "+err.Error())
	case claims.Audience != Resource:
		s.refuseToken(w, fmt.Sprintf("AKV10022: Invalid audience. Expected %s, found: %s.", Resource, claims.Audience))
	case claims.TenantID != s.options.TenantID:
		s.refuseToken(w, fmt.Sprintf("AKV10032: Invalid issuer. Expected one of https://sts.windows.net/%s/, found https://sts.windows.net/%s/.", s.options.TenantID, claims.TenantID))
	case s.firewall:
		refuse(w, http.StatusForbidden, "Forbidden", "ForbiddenByFirewall", "Client address is not authorized and caller is not a trusted service.\r\nClient address: 127.0.0.1\r\nCaller: appid="+claims.ClientID+"\r\nVault: "+s.options.Name+";location=westeurope")
	case !s.readers[strings.ToLower(claims.ClientID)]:
		refuse(w, http.StatusForbidden, "Forbidden", "ForbiddenByRbac", "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: appid="+claims.ClientID+"\r\nAction: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'")
	default:
		s.get(w, r)
	}
}

// get answers a request that may be made.
func (s *Service) get(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if r.Method != http.MethodGet || len(parts) < 2 || parts[0] != "secrets" || r.URL.Query().Get("api-version") == "" {
		refuse(w, http.StatusBadRequest, "BadParameter", "", "The request URI is invalid.")
		return
	}
	name, all := parts[1], s.secrets[parts[1]]
	i := len(all) - 1
	if len(parts) > 2 {
		for i >= 0 && version(i) != parts[2] {
			i--
		}
	}
	if i < 0 {
		refuse(w, http.StatusNotFound, "SecretNotFound", "", "A secret with (name/id) "+strings.Join(parts[1:], "/")+" was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command.")
		return
	}
	secret := all[i]
	if secret.Disabled {
		refuse(w, http.StatusForbidden, "Forbidden", "SecretDisabled", "Operation get is not allowed on a disabled secret.")
		return
	}
	attributes := map[string]any{"enabled": true, "created": 1760000000, "updated": 1760000000, "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90}
	for key, at := range map[string]time.Time{"exp": secret.Expires, "nbf": secret.NotBefore} {
		if !at.IsZero() {
			attributes[key] = at.Unix()
		}
	}
	answer := map[string]any{"value": secret.Value, "id": s.URI(name) + "/" + version(i), "attributes": attributes, "tags": map[string]string{}}
	if secret.ContentType != "" {
		answer["contentType"] = secret.ContentType
	}
	reply(w, http.StatusOK, answer)
}

// refuseToken answers with the challenge.
func (s *Service) refuseToken(w http.ResponseWriter, message string) {
	challenge := s.challenge
	if challenge == "" {
		challenge = fmt.Sprintf(`Bearer authorization="https://login.microsoftonline.com/%s", resource="%s"`, s.options.TenantID, Resource)
	}
	w.Header().Set("WWW-Authenticate", challenge)
	refuse(w, http.StatusUnauthorized, "Unauthorized", "", message)
}

func refuse(w http.ResponseWriter, status int, code, inner, message string) {
	e := map[string]any{"code": code, "message": message}
	if inner != "" {
		e["innererror"] = map[string]string{"code": inner}
	}
	reply(w, status, map[string]any{"error": e})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// version is that of the version with this number.
func version(i int) string { return fmt.Sprintf("%032x", i+0xa11ce) }
