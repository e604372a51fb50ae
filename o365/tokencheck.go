package o365

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// tokenCheck inspects each new token of a tenant: missing permissions, a
// certificate that expires soon. It makes no request. What else can be wrong at
// the start, the collector's first requests show.
type tokenCheck struct {
	source       *identity.Source
	monitor      *health.Monitor
	log          logging.Logger
	tenant       source.Stream
	offers       []offer
	contentTypes []string // those to collect

	mu        sync.Mutex
	app       string          // application id, "" until it is known
	inspected string          // the last token that was inspected
	claims    identity.Claims // of it, as far as they can be read
}

var (
	_ source.Tokens    = (*tokenCheck)(nil)
	_ source.Permitter = (*tokenCheck)(nil)
)

// certificateWarning is how long before a certificate expires it is reported.
const certificateWarning = 30 * 24 * time.Hour

// Token implements [source.Tokens].
func (c *tokenCheck) Token(ctx context.Context) (string, error) {
	token, err := c.source.Token(ctx)
	if err == nil && c.isNew(token) {
		c.inspect(token)
	}
	return token, err
}

// Reject implements [source.Tokens].
func (c *tokenCheck) Reject(token string) { c.source.Reject(token) }

// Permits implements [source.Permitter].
func (c *tokenCheck) Permits(permission string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.claims.Permits(permission)
}

// Doubt implements [source.Permitter].
func (c *tokenCheck) Doubt() string { return c.source.Doubt() }

// App returns the application id, "" if it is not known.
func (c *tokenCheck) App() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.app
}

// isNew reports whether a token differs from that of the last call.
func (c *tokenCheck) isNew(token string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := token == c.inspected
	c.inspected = token
	return !known
}

func (c *tokenCheck) inspect(token string) {
	claims, ok := identity.ReadClaims(token)
	c.mu.Lock()
	c.app, c.claims = orElse(c.app, claims.AppID), claims
	c.mu.Unlock()
	if ok {
		c.log.Debugf("%s: logged in as application %s with %s; the token is valid until %s; %s", c.tenant.Tenant, claims.AppID, c.source.Method(),
			c.source.Expiry().UTC().Format(time.RFC3339), permissions(claims))
		c.reportPermissions(claims)
	}
	c.reportExpiry(c.source.CertificateExpiry(), time.Now())
}

// reportPermissions reports the content types for which the token lacks the
// permission. It does not check the scopes of a person: Microsoft does not
// document how the API evaluates them, so the API's own answer counts.
func (c *tokenCheck) reportPermissions(claims identity.Claims) {
	if len(claims.Scopes) > 0 {
		return
	}
	for _, o := range c.offers {
		for _, t := range wanted(o.types, c.contentTypes) {
			if claims.Permits(t.Permission) {
				continue
			}
			x := o.missing(t.Name, c.App(), c.Doubt())
			c.monitor.Set(source.Stream{Tenant: c.tenant.Tenant, ContentType: t.Name}, health.Permission, health.Failing,
				health.Cause{What: x.What, Do: x.Do, Detail: permissions(claims)})
		}
	}
}

// permissions lists what a token permits, for messages.
func permissions(claims identity.Claims) string {
	all := append(append([]string(nil), claims.Roles...), claims.Scopes...)
	if len(all) == 0 {
		return "the token holds no permission"
	}
	return "the token holds " + strings.Join(all, ", ")
}

// reportExpiry reports a certificate that expires soon. The expiry of a client
// secret is known to the tenant's administrators only.
func (c *tokenCheck) reportExpiry(expiry, now time.Time) {
	if expiry.IsZero() || expiry.Sub(now) > certificateWarning {
		c.monitor.Clear(c.tenant, health.Expiry)
		return
	}
	c.monitor.Set(c.tenant, health.Expiry, health.Degraded, health.Cause{
		What: "the certificate of the login expires within 30 days", Do: "upload a new one to the app registration and put it into certificate_file or Key Vault; it is read again",
		Detail: "on " + expiry.UTC().Format(time.RFC3339),
	})
}

// onFallback is [identity.Settings.OnFallback].
func (c *tokenCheck) onFallback(err error) {
	if err == nil {
		c.monitor.Clear(c.tenant, health.Renewal)
		return
	}
	cause := health.Cause{What: "the login fails", Detail: err.Error()}
	var explained *identity.Error
	if errors.As(err, &explained) {
		cause.What, cause.Do, cause.Detail = explained.Explain()
	}
	c.monitor.Set(c.tenant, health.Renewal, health.Degraded, cause)
}
