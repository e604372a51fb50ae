package o365

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// preflight looks at every token on its way to the API, the first one before
// anything else is asked: what it permits, and how long that which it was had
// with will last. It costs no request. What else can be known at the start,
// the collector's first requests tell.
type preflight struct {
	source  *identity.Source
	monitor *health.Monitor
	log     logging.Logger
	config  Config
	tenant  source.Stream

	mu  sync.Mutex
	app string // once it is known
	had string // the token that was looked at last
}

// soon is how long before its end a certificate is worth a word.
const soon = 30 * 24 * time.Hour

// Token implements [activity.Tokens].
func (p *preflight) Token(ctx context.Context) (string, error) {
	token, err := p.source.Token(ctx)
	if err == nil {
		p.look(token)
	}
	return token, err
}

// Reject implements [activity.Tokens].
func (p *preflight) Reject(token string) { p.source.Reject(token) }

// App is the application's id, "" if it is not known.
func (p *preflight) App() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.app
}

// look says what there is to say of a new token.
func (p *preflight) look(token string) {
	p.mu.Lock()
	known := token == p.had
	p.had = token
	p.mu.Unlock()
	if known {
		return
	}
	if claims, ok := identity.Read(token); ok {
		p.mu.Lock()
		p.app = orElse(p.app, claims.AppID)
		p.mu.Unlock()
		p.log.Debugf("%s: signed in as application %s with %s; the token serves until %s; %s", p.tenant.Tenant, claims.AppID, p.source.Method(),
			p.source.Expiry().UTC().Format(time.RFC3339), held(claims))
		p.permissions(claims)
	}
	p.expiry(p.source.CertificateExpiry(), time.Now())
}

// permissions says which content types the token is not good for. The scopes
// of a person are left to the API: Microsoft does not tell what it makes of
// them.
func (p *preflight) permissions(claims identity.Claims) {
	if len(claims.Scopes) > 0 {
		return
	}
	for _, t := range p.config.contentTypes() {
		if claims.Permits(t.Permission) {
			continue
		}
		x := activity.MissingPermission(t.Name, p.App())
		p.monitor.Set(source.Stream{Tenant: p.tenant.Tenant, ContentType: t.Name}, health.Permission, health.Failing,
			health.Cause{What: x.What, Do: x.Do, Detail: held(claims)})
	}
}

func held(claims identity.Claims) string {
	permissions := append(append([]string(nil), claims.Roles...), claims.Scopes...)
	if len(permissions) == 0 {
		return "the token holds no permission"
	}
	return "the token holds " + strings.Join(permissions, ", ")
}

// expiry warns of the end of a certificate. Of a client secret nobody but the
// tenant's administrators can know it.
func (p *preflight) expiry(end, now time.Time) {
	if end.IsZero() || end.Sub(now) > soon {
		p.monitor.Clear(p.tenant, health.Expiry)
		return
	}
	p.monitor.Set(p.tenant, health.Expiry, health.Degraded, health.Cause{
		What: "the certificate that logs in ends within 30 days", Do: "upload a new one to the app registration and put it into certificate_file; it is read again",
		Detail: "on " + end.UTC().Format(time.RFC3339),
	})
}

// makeshift is told by the login when it works, but not with the newest
// credential.
func (p *preflight) makeshift(err error) {
	if err == nil {
		p.monitor.Clear(p.tenant, health.Renewal)
		return
	}
	x := new(activity.Client).Explain(err, "", p.App())
	p.monitor.Set(p.tenant, health.Renewal, health.Degraded, health.Cause{What: x.What, Do: x.Do, Detail: x.Detail})
}
