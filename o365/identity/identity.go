// Package identity gets and keeps the access token of an application, on top
// of Microsoft's azidentity: with a client secret, a certificate, a workload's
// federated token, the machine's managed identity, or the Azure CLI's login.
//
// [New] checks the settings without touching the network; [Source.Token] gives
// a valid token and [Source.Reject] takes one out of use.
//
// # Rotation
//
// Secrets and certificates in files are read again for every token request, so
// a rotation needs no restart. A file that cannot be used, because it is just
// being written or holds something wrong, does not stop a login that still
// works with what the file held before.
//
// # Secrets
//
// No error of this package contains a secret, an assertion or a token, and
// every error is one line.
package identity

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// Settings are what a Source logs in with. They name the options that they
// come from; so do the errors of [New].
type Settings struct {
	Method   Method // auth; empty means auto
	TenantID string // tenant_id, one of them
	ClientID string // client_id; for a managed identity the user-assigned one

	ClientSecret        option.Secret // client_secret
	ClientSecretFile    string        // client_secret_file
	CertificateFile     string        // certificate_file
	CertificatePassword option.Secret // certificate_password

	// AuthorityHost is the https base URL of the login service; empty means
	// that of the enterprise cloud. With CustomAuthority it is not checked
	// against Microsoft's list of login services (instance discovery).
	AuthorityHost   string
	CustomAuthority bool
	// Audience is the base URL of the API that the token is for.
	Audience string

	// HTTP carries proxy, extra root certificates and the timeout of a
	// request; nil means the defaults of azcore. Managed identity endpoints
	// are on the machine's own network, so they are asked without the proxy.
	HTTP *http.Client
	// Secrets cleans what the login service says, and is given what files hold;
	// nil means one of its own.
	Secrets *sanitize.Redactor
	// Observe, if set, is told how every login ended.
	Observe func(err error)
	// Makeshift, if set, is told after each login that was tried while there
	// is a token: an [*Error] if something other than the newest credential
	// has to do, nil if not.
	Makeshift func(error)
}

// Renewal times of tokens and of failing attempts.
const (
	// early is how long before its end a token is renewed, as azidentity does.
	early = 5 * time.Minute
	// pause is how long a failed early renewal is not tried again.
	pause = 30 * time.Second
	// patience ends one attempt to get a token, whatever the caller's context.
	patience = time.Minute
)

// A Source gives access tokens of one application in one tenant. It is safe
// for concurrent use and starts no goroutines.
type Source struct {
	applicant *applicant
	acquire   func(context.Context) (azcore.AccessToken, error)
	observe   func(error) // may be nil
	makeshift func(error)
	now       func() time.Time

	mu      sync.Mutex
	token   azcore.AccessToken
	renewAt time.Time
	flight  *flight
}

// A flight is one request for a token that several callers wait for.
type flight struct {
	landed chan struct{} // closed when err is set
	err    error
	left   bool // the caller who flew it was cancelled: err is about that caller only
}

// New returns a Source, or one line about what is wrong with the settings or
// with the files they name. It does not use the network.
func New(settings Settings) (*Source, error) {
	method, err := choose(settings)
	if err != nil {
		return nil, err
	}
	a := &applicant{
		settings: settings,
		method:   method,
		chosen:   settings.Method == "" || settings.Method == Auto,
		scope:    strings.TrimRight(settings.Audience, "/") + "/.default",
	}
	a.settings.HTTP = guarded(method, settings)
	if settings.Secrets == nil {
		a.settings.Secrets = sanitize.NewRedactor()
	}
	p, err := a.read()
	if err != nil {
		return nil, err
	}
	if _, err = a.credential(p, nil); err != nil {
		return nil, fmt.Errorf("%s %s: %s", option.Auth, method, a.clean(err.Error()))
	}
	a.works.Store(&p)
	return &Source{applicant: a, acquire: a.acquire, observe: settings.Observe, makeshift: settings.makeshift(), now: time.Now}, nil
}

// Method says which way of logging in is used; it is never [Auto].
func (s *Source) Method() Method { return s.applicant.method }

// Expiry is when the present token ends; zero while there is none.
func (s *Source) Expiry() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token.ExpiresOn
}

// CertificateExpiry is when the certificate ends that logs in at present; zero
// for every other method.
func (s *Source) CertificateExpiry() time.Time {
	if p := s.applicant.works.Load(); len(p.certificates) > 0 {
		return p.certificates[0].NotAfter
	}
	return time.Time{}
}

// Token returns a token that is valid now. It logs in when there is none and
// renews a token early; when that fails, the old token serves until it ends.
// Callers at the same time share one login. The error is an [*Error], or
// wraps that of ctx.
func (s *Source) Token(ctx context.Context) (string, error) {
	for {
		s.mu.Lock()
		now := s.now()
		valid := s.token.Token != "" && now.Before(s.token.ExpiresOn)
		if valid && (s.flight != nil || now.Before(s.renewAt)) {
			defer s.mu.Unlock()
			return s.token.Token, nil
		}
		if f := s.flight; f != nil {
			s.mu.Unlock()
			select {
			case <-ctx.Done():
				return "", cancelled(ctx)
			case <-f.landed:
			}
			if f.err != nil && !f.left {
				return "", f.err
			}
			continue
		}
		f := &flight{landed: make(chan struct{})}
		s.flight = f
		s.mu.Unlock()
		return s.fly(ctx, f)
	}
}

// fly gets a token for everybody who waits for f.
func (s *Source) fly(ctx context.Context, f *flight) (string, error) {
	token, err := s.acquire(ctx)
	if s.observe != nil {
		s.observe(err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight = nil
	defer close(f.landed)
	now := s.now()
	if err == nil {
		s.token, s.renewAt = token, renewal(now, token)
		return token.Token, nil
	}
	if s.token.Token != "" && now.Before(s.token.ExpiresOn) {
		s.renewAt = now.Add(pause)
		if ctx.Err() == nil {
			s.makeshift(besides("the login can't be renewed, the present token serves for a while",
				"login could not be renewed, the token serves until "+s.token.ExpiresOn.UTC().Format(time.RFC3339), err))
		}
		return s.token.Token, nil
	}
	f.err, f.left = err, ctx.Err() != nil
	return "", err
}

// Reject takes a token out of use that the API answered with 401: the next
// call of Token gets a new one. Rejecting any but the present token does
// nothing, so callers that used the same token may all reject it.
//
// A managed identity endpoint and the Azure CLI keep tokens themselves and may
// give the same one again; it is then handed out again.
func (s *Source) Reject(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token != "" && token == s.token.Token {
		s.token, s.renewAt = azcore.AccessToken{}, time.Time{}
	}
}

// renewal is when a new token is asked for: when the login service says so,
// or some minutes before the end, but not in the first half of a short life.
func renewal(now time.Time, token azcore.AccessToken) time.Time {
	at := token.ExpiresOn.Add(-min(early, token.ExpiresOn.Sub(now)/2))
	if !token.RefreshOn.IsZero() && token.RefreshOn.Before(at) {
		return token.RefreshOn
	}
	return at
}

func (s Settings) makeshift() func(error) {
	if s.Makeshift == nil {
		return func(error) {}
	}
	return s.Makeshift
}

func cancelled(ctx context.Context) error {
	return fmt.Errorf("login: %w", context.Cause(ctx))
}
