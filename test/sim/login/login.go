// Package login simulates the parts of Microsoft Entra ID that an application
// without a user meets: the client credentials grant of the v2 token endpoint
// (secret, certificate, federated credential), the discovery documents that
// Microsoft's client libraries read first, and the managed identity endpoints
// of a virtual machine (IMDS) and of App Service. Tokens are real, signed JWTs
// and refusals have Entra's own bodies and codes.
//
// New makes an empty directory; AddTenant, AddApp and AddIdentity fill it. The
// Service is an http.Handler for the root of an https listener, and Verify
// checks the tokens for whoever simulates the API behind it.
//
// Specification: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
// and https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
package login

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Options describe the service. The zero value is a service with
// Entra's usual lifetimes and the machine's clock.
type Options struct {
	// Seed makes the identifiers in answers and tokens repeatable. The signing
	// key is new every time.
	Seed uint64
	// Key signs the tokens; nil: one that is made at first use, because that takes a
	// moment.
	Key *rsa.PrivateKey
	// TokenLifetime is how long a token lives; 0 means 1 h.
	TokenLifetime time.Duration
	// Now is the service's clock; nil means time.Now.
	Now func() time.Time
}

// Service is the simulated login service. It is safe for concurrent use.
type Service struct {
	now func() time.Time
	mux *http.ServeMux
	key func() *rsa.PrivateKey // see Options.Key

	mu                sync.Mutex
	ids               *mathrand.Rand
	lifetime          time.Duration
	delay             time.Duration
	failures          []Failure
	discoveryFailures []Failure
	tokenEndpoint     string // that discovery names; empty: our own
	counts            Counts
	tenants           map[string]*tenant
	apps              map[string]*App
	identities        []Identity
	resources         map[string]bool
	live              map[string]bool // identifiers of issued, not revoked tokens
	header            string
}

// Counts are the requests that arrived, refused ones included.
type Counts struct {
	Discovery int // instance discovery, openid-configuration, keys
	Token     int // POSTs to a token endpoint
	Identity  int // managed identity requests, probes included
}

// New returns a service without tenants and applications.
func New(options Options) *Service {
	s := &Service{
		now:       options.Now,
		mux:       http.NewServeMux(),
		key:       sync.OnceValue(newKey),
		ids:       mathrand.New(mathrand.NewPCG(options.Seed, 0x0365)),
		lifetime:  options.TokenLifetime,
		tenants:   map[string]*tenant{},
		apps:      map[string]*App{},
		resources: map[string]bool{},
		live:      map[string]bool{},
	}
	if options.Key != nil {
		s.key = func() *rsa.PrivateKey { return options.Key }
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.lifetime <= 0 {
		s.lifetime = time.Hour
	}
	s.header = s.id()
	s.mux.HandleFunc("GET /common/discovery/instance", s.instance)
	s.mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.configuration)
	s.mux.HandleFunc("GET /{tenant}/discovery/v2.0/keys", s.keys)
	s.mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
	s.mux.HandleFunc("GET /metadata/identity/oauth2/token", s.imds)
	s.mux.HandleFunc("GET /msi/token", s.appService)
	return s
}

// ServeHTTP answers as login.microsoftonline.com and, on their paths, as the
// managed identity endpoints do.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Requests returns how many requests have arrived so far.
func (s *Service) Requests() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// SetTokenLifetime changes the lifetime of tokens issued from now on.
func (s *Service) SetTokenLifetime(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lifetime = d
}

// SetDelay makes token and managed identity requests wait that long (in real
// time) before they are answered.
func (s *Service) SetDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

func (s *Service) count(which func(*Counts) *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*which(&s.counts)++
}

// hold waits for the delay that SetDelay asked for, or until the caller leaves.
func (s *Service) hold(r *http.Request) {
	s.mu.Lock()
	delay := s.delay
	s.mu.Unlock()
	if delay <= 0 {
		return
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

// id returns a GUID from the seed.
func (s *Service) id() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, b := s.ids.Uint64(), s.ids.Uint64()
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x",
		a>>32, a>>16&0xffff, a&0x0fff|0x4000, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

func newKey() *rsa.PrivateKey {
	key, _ := rsa.GenerateKey(rand.Reader, 2048) // the system's randomness does not fail
	return key
}
