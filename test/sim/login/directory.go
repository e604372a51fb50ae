package login

import (
	"crypto"
	"crypto/x509"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

type tenant struct {
	id   string
	apps map[string]bool // client ids with a service principal here
}

// App is an application registration.
type App struct {
	ClientID string
	// Secret is the client secret; empty means there is none. SecretExpires,
	// when set, is when it stops working.
	Secret        string
	SecretExpires time.Time
	// Certificates may sign client assertions.
	Certificates []*x509.Certificate
	// Federated are the federated identity credentials.
	Federated []Federation
	// Roles are granted in every tenant; nil means both roles of the
	// Management Activity API, ActivityFeed.Read and ActivityFeed.ReadDlp.
	Roles []string
	// Disabled applications get no token (AADSTS7000112).
	Disabled bool
}

// Federation is a federated identity credential: whoever holds a JWT of this
// issuer, subject and audience, signed with Key, is the application.
type Federation struct {
	Issuer, Subject string
	Audience        string // empty means api://AzureADTokenExchange
	Key             crypto.PublicKey
}

// Identity is a managed identity of the simulated machine.
type Identity struct {
	TenantID string
	ClientID string
	// System marks the system-assigned identity, which answers when none is named.
	System bool
	Roles  []string // as in App
}

var (
	activityRoles = []string{"ActivityFeed.Read", "ActivityFeed.ReadDlp"}
	activityHosts = []string{"manage.office.com", "manage-gcc.office.com", "manage.office365.us", "manage.protection.apps.mil"}
)

// AddTenant adds a directory by its GUID and, if it has any, domain names.
func (s *Service) AddTenant(id string, domains ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &tenant{id: id, apps: map[string]bool{}}
	s.tenants[strings.ToLower(id)] = t
	for _, d := range domains {
		s.tenants[strings.ToLower(d)] = t
	}
}

// AddApp registers an application, or replaces it, and consents to it in the
// named tenants. Tenants that are not there yet are added.
func (s *Service) AddApp(app App, tenants ...string) {
	for _, id := range tenants {
		if s.tenantID(id) == "" {
			s.AddTenant(id)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(app.ClientID)
	s.apps[key] = &app
	for _, id := range tenants {
		s.tenants[strings.ToLower(id)].apps[key] = true
	}
}

// ChangeApp changes a registered application; it does nothing when there is
// no such application. Certificates and the like must be replaced, not
// written into.
func (s *Service) ChangeApp(clientID string, change func(*App)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.apps[strings.ToLower(clientID)]; old != nil {
		changed := *old
		change(&changed)
		s.apps[strings.ToLower(clientID)] = &changed
	}
}

// SetSecret replaces an application's secret: the old one stops working.
func (s *Service) SetSecret(clientID, secret string) {
	s.ChangeApp(clientID, func(a *App) { a.Secret, a.SecretExpires = secret, time.Time{} })
}

// AddIdentity gives the simulated machine a managed identity.
func (s *Service) AddIdentity(identity Identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identities = append(s.identities, identity)
}

// AddResource makes an API known to every tenant, by its URL. The four hosts
// of the Management Activity API and everything on a loopback address are
// known already.
func (s *Service) AddResource(api string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resources[strings.TrimRight(api, "/")] = true
}

// tenantID gives the GUID of a tenant named by GUID or domain, or "".
func (s *Service) tenantID(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tenants[strings.ToLower(name)]; t != nil {
		return t.id
	}
	return ""
}

// app returns the application as the tenant sees it.
func (s *Service) app(tenantID, clientID string) (App, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(clientID)
	t, a := s.tenants[strings.ToLower(tenantID)], s.apps[key]
	if t == nil || a == nil || !t.apps[key] {
		return App{}, false
	}
	return *a, true
}

func (s *Service) knows(resource string) bool {
	u, err := url.Parse(resource)
	if err != nil || u.Host == "" {
		return false
	}
	if slices.Contains(activityHosts, u.Hostname()) || u.Hostname() == "localhost" {
		return true
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resources[strings.TrimRight(resource, "/")]
}

// machine finds the identity that a managed identity request asks for.
func (s *Service) machine(clientID string) (Identity, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, identity := range s.identities {
		if clientID == "" && identity.System || clientID != "" && strings.EqualFold(identity.ClientID, clientID) {
			return identity, true
		}
	}
	return Identity{}, false
}
