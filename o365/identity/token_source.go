package identity

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

const (
	// renewalLead is how long before its expiry a token is renewed, as in
	// azidentity.
	renewalLead = 5 * time.Minute
	// renewalBackoff is the time between a failed renewal and the next attempt,
	// while the token is still valid.
	renewalBackoff = 30 * time.Second
	// loginTimeout bounds one login, whatever the caller's context allows.
	loginTimeout = time.Minute
	// retryPause is the time between an HTTP request that failed and its one retry.
	retryPause = 500 * time.Millisecond
)

// errOtherAudience is the error for a token that a login does not give.
var errOtherAudience = errors.New("a token for another service is asked for")

// A Source returns access tokens of one application in one tenant. It is safe
// for concurrent use and starts no goroutines.
type Source struct {
	requester  *requester
	acquire    func(context.Context) (azcore.AccessToken, error)
	observe    func(error) // may be nil
	onFallback func(error)
	now        func() time.Time

	mu      sync.Mutex
	token   azcore.AccessToken
	renewAt time.Time
	flight  *flight
}

// A flight is one login that several callers wait for (single flight).
type flight struct {
	done      chan struct{} // closed when err is set
	err       error
	cancelled bool // the context of the caller who logs in: err concerns no other caller
}

// Method returns the method of logging in; it is never [Auto].
func (s *Source) Method() Method { return s.requester.method }

// Expiry returns when the present token expires; zero while there is none.
func (s *Source) Expiry() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token.ExpiresOn
}

// CertificateExpiry returns when the certificate in use expires; zero for every
// method but [Certificate].
func (s *Source) CertificateExpiry() time.Time {
	if c := s.requester.accepted.Load(); c != nil && len(c.certificates) > 0 {
		return c.certificates[0].NotAfter
	}
	return time.Time{}
}

// Token returns a token that is valid now. It logs in when there is none and
// renews a token before it expires; if that fails, it returns the old token until
// that expires. Concurrent callers share one login. The error is an [*Error], or
// wraps the cause of ctx.
func (s *Source) Token(ctx context.Context) (string, error) {
	token, err := s.accessToken(ctx)
	return token.Token, err
}

// GetToken implements [azcore.TokenCredential], for the audience of the settings
// alone. A request with claims comes after a token was refused, and gets a new one.
func (s *Source) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	for _, scope := range o.Scopes {
		if scope != s.requester.scope {
			return azcore.AccessToken{}, &Error{
				Message: fmt.Sprintf("%v: %s, the login is for %s", errOtherAudience, sanitize.Text(scope, sanitize.MaxText), s.requester.scope),
				Err:     errOtherAudience, configuration: true,
			}
		}
	}
	if o.Claims != "" {
		s.mu.Lock()
		refused := s.token.Token
		s.mu.Unlock()
		s.Reject(refused)
	}
	return s.accessToken(ctx)
}

func (s *Source) accessToken(ctx context.Context) (azcore.AccessToken, error) {
	for {
		s.mu.Lock()
		now := s.now()
		valid := s.token.Token != "" && now.Before(s.token.ExpiresOn)
		if valid && (s.flight != nil || now.Before(s.renewAt)) {
			defer s.mu.Unlock()
			return s.token, nil
		}
		if f := s.flight; f != nil {
			s.mu.Unlock()
			select {
			case <-ctx.Done():
				return azcore.AccessToken{}, cancelled(ctx)
			case <-f.done:
			}
			if f.err != nil && !f.cancelled {
				return azcore.AccessToken{}, f.err
			}
			continue
		}
		f := &flight{done: make(chan struct{})}
		s.flight = f
		s.mu.Unlock()
		return s.login(ctx, f)
	}
}

// login gets a token for every caller who waits for f.
func (s *Source) login(ctx context.Context, f *flight) (azcore.AccessToken, error) {
	token, err := s.acquire(ctx)
	if s.observe != nil {
		s.observe(err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight = nil
	defer close(f.done)
	now := s.now()
	if err == nil {
		s.token, s.renewAt = token, renewal(now, token)
		return token, nil
	}
	if s.token.Token != "" && now.Before(s.token.ExpiresOn) {
		s.renewAt = now.Add(renewalBackoff)
		if ctx.Err() == nil {
			s.onFallback(fallbackError("the login can't be renewed; the present token is used until it expires",
				"login could not be renewed, the token is valid until "+s.token.ExpiresOn.UTC().Format(time.RFC3339), err))
		}
		return s.token, nil
	}
	f.err, f.cancelled = err, ctx.Err() != nil
	return azcore.AccessToken{}, err
}

// Reject drops a token that the API answered with 401: the next call of Token
// gets a new one. Rejecting any but the present token has no effect, so callers
// that used the same token may all reject it.
//
// A managed identity endpoint and the Azure CLI cache tokens themselves and may
// return the same one again; Token returns it then.
func (s *Source) Reject(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token != "" && token == s.token.Token {
		s.token, s.renewAt = azcore.AccessToken{}, time.Time{}
	}
}

// renewal returns when to renew a token: at the time that the login service
// gives, or renewalLead before the expiry, but not in the first half of a
// shorter life.
func renewal(now time.Time, token azcore.AccessToken) time.Time {
	at := token.ExpiresOn.Add(-min(renewalLead, token.ExpiresOn.Sub(now)/2))
	if !token.RefreshOn.IsZero() && token.RefreshOn.Before(at) {
		return token.RefreshOn
	}
	return at
}

func cancelled(ctx context.Context) error {
	return fmt.Errorf("login: %w", context.Cause(ctx))
}
