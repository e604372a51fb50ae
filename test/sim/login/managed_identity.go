package login

import (
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// IMDSPath and AppServicePath are where the managed identity endpoints are.
const (
	IMDSPath       = "/metadata/identity/oauth2/token"
	AppServicePath = "/msi/token"
)

// IdentityHeader is what App Service gives a process as IDENTITY_HEADER, to be
// sent back with every request to IDENTITY_ENDPOINT.
func (s *Service) IdentityHeader() string { return s.header }

// imds is the metadata endpoint of a virtual machine.
func (s *Service) imds(w http.ResponseWriter, r *http.Request) {
	s.count(func(c *Counts) *int { return &c.Identity })
	if r.Header.Get("Metadata") != "true" {
		s.refuseIdentity(w, "invalid_request", "Required metadata header not specified")
		return
	}
	s.identity(w, r)
}

// appService is the endpoint of App Service, Functions and Container Apps.
// https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
func (s *Service) appService(w http.ResponseWriter, r *http.Request) {
	s.count(func(c *Counts) *int { return &c.Identity })
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Identity-Header")), []byte(s.header)) == 0 {
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	s.identity(w, r)
}

func (s *Service) identity(w http.ResponseWriter, r *http.Request) {
	s.hold(r)
	if s.failing(w, &s.failures) {
		return
	}
	query := r.URL.Query()
	resource := strings.TrimRight(query.Get("resource"), "/")
	if query.Get("api-version") == "" || resource == "" {
		s.refuseIdentity(w, "invalid_request", "Required query variable 'resource' or 'api-version' is missing")
		return
	}
	identity, ok := s.machine(query.Get("client_id"))
	if !ok {
		s.refuseIdentity(w, "invalid_request", "Identity not found")
		return
	}
	if !s.knows(resource) {
		s.refuse(w, Failure{Code: 500011, about: []any{resource, identity.TenantID}})
		return
	}
	signed, claims := s.issue(identity.TenantID, identity.ClientID, resource, byCertificate, identity.Roles)
	seconds := strconv.Itoa(int(claims.Expires.Sub(s.now()).Round(time.Second) / time.Second))
	reply(w, http.StatusOK, map[string]string{
		"access_token":   signed,
		"client_id":      identity.ClientID,
		"expires_in":     seconds,
		"ext_expires_in": seconds,
		"expires_on":     strconv.FormatInt(claims.Expires.Unix(), 10),
		"not_before":     strconv.FormatInt(claims.Issued.Unix(), 10),
		"resource":       resource,
		"token_type":     "Bearer",
	})
}

func (s *Service) refuseIdentity(w http.ResponseWriter, word, description string) {
	reply(w, http.StatusBadRequest, map[string]string{"error": word, "error_description": description})
}
