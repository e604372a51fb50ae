package o365

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// newTokenCheck is one for two content types, and what is wrong by it, as one text.
func newTokenCheck() (*tokenCheck, func() string) {
	types := []string{activity.Exchange, activity.DLP}
	var streams []source.Stream
	for _, name := range types {
		streams = append(streams, source.Stream{Tenant: "contoso", ContentType: name})
	}
	log := &lines{}
	monitor := health.NewMonitor(streams, nil, log.add, nil)
	login, err := identity.New(identity.Settings{Method: identity.ClientSecret, ClientSecret: "s", ClientID: "c", TenantID: "contoso", Audience: "https://manage.office.com"})
	if err != nil {
		panic(err)
	}
	c := &tokenCheck{source: login, monitor: monitor, log: log.add, tenant: source.Stream{Tenant: "contoso"}, offers: sources(), contentTypes: types}
	return c, func() string {
		var found []string
		for _, s := range monitor.Snapshot() {
			for _, p := range s.Causes {
				found = append(found, fmt.Sprintf("%s %s: %s", s.Stream.ContentType, s.State, p.What))
			}
		}
		return strings.Join(found, "; ")
	}
}

// A new token is inspected once.
func TestNewTokens(t *testing.T) {
	c, _ := newTokenCheck()
	for n, step := range []struct {
		token string
		isNew bool
	}{{"a", true}, {"a", false}, {"b", true}, {"b", false}, {"a", true}} {
		if c.isNew(step.token) != step.isNew {
			t.Errorf("%d: %q is new: %t", n, step.token, !step.isNew)
		}
	}
}

func TestPermissionsOfTokens(t *testing.T) {
	const mail, dlp = "Audit.Exchange failing: the app may not read the audit log (ActivityFeed.Read is missing)", "DLP.All failing: the app may not read DLP events (ActivityFeed.ReadDlp is missing)"
	for _, tt := range []struct {
		roles, scopes []string
		want          string
	}{
		{[]string{"ActivityFeed.Read", "ActivityFeed.ReadDlp"}, nil, ""},
		{[]string{"ActivityFeed.Read"}, nil, dlp},
		{[]string{"ActivityFeed.ReadDlp"}, nil, mail},
		{nil, nil, mail + "; " + dlp},
		{nil, []string{"user_impersonation"}, ""},
	} {
		c, wrong := newTokenCheck()
		if c.reportPermissions(identity.Claims{Roles: tt.roles, Scopes: tt.scopes}); wrong() != tt.want {
			t.Errorf("%q %q: %s", tt.roles, tt.scopes, wrong())
		}
	}
}

func TestExpiryOfCertificates(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c, wrong := newTokenCheck()
	for n, step := range []struct {
		expiry time.Time
		soon   bool
	}{
		{time.Time{}, false}, {now.Add(certificateWarning + time.Second), false}, {now.Add(certificateWarning), true},
		{now.Add(-time.Hour), true}, {now.Add(365 * 24 * time.Hour), false}, {now, true}, {time.Time{}, false},
	} {
		if c.reportExpiry(step.expiry, now); strings.Contains(wrong(), "expires within 30 days") != step.soon {
			t.Errorf("%d: %s", n, wrong())
		}
	}
}

func TestFallbackOfLogins(t *testing.T) {
	c, wrong := newTokenCheck()
	for n, step := range []struct {
		err              error
		want, do, detail string
	}{
		{errors.New("no such file"), "the login fails", "", "no such file"},
		{nil, "", "", ""},
		{fmt.Errorf("renewal: %w", &identity.Error{Plain: "the secret is wrong", Remedy: "make another", Message: "AADSTS1: no"}), "the secret is wrong", "make another", "AADSTS1: no"},
		{nil, "", "", ""},
	} {
		c.onFallback(step.err)
		for _, status := range c.monitor.Snapshot() {
			if len(status.Causes) == 0 {
				if step.err != nil {
					t.Errorf("%d: %s knows nothing", n, status.ContentType)
				}
				continue
			}
			if p := status.Causes[0]; !strings.Contains(p.What, step.want) || !strings.Contains(p.Do, step.do) || !strings.Contains(p.Detail, step.detail) || status.State != health.Degraded {
				t.Errorf("%d: %s: %+v, want %s", n, status.State, p, step.want)
			}
		}
		if step.err == nil && wrong() != "" {
			t.Errorf("%d: %s", n, wrong())
		}
	}
}

// The application is known from the first token, and stays known.
func TestApplicationOfTokens(t *testing.T) {
	const app = "22222222-3333-4444-8555-666666666666"
	inBubble(t, api.Options{}, func(t *testing.T, r *rig) {
		c, _ := newTokenCheck()
		settings := identity.Settings{TenantID: api.DefaultTenant, Method: identity.ClientSecret, ClientID: app, ClientSecret: "s", AuthorityHost: "https://127.0.0.1", CustomAuthority: true, Audience: "https://127.0.0.1"}
		var err error
		if c.source, err = identity.New(settings); err != nil {
			t.Fatal(err)
		}
		token := func(claims string) string {
			return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".x"
		}
		for _, claims := range []string{`{"appid":"` + app + `"}`, `{}`, `{"appid":"33333333-3333-4444-8555-666666666666"}`, `none`} {
			if c.inspect(token(claims)); c.App() != app {
				t.Errorf("%s: the application is %q", claims, c.App())
			}
		}
	})
}

// A managed identity that was chosen because nothing else is set, and that lacks the
// permission, may be a variable that is empty: the line asks that first.
func TestManagedIdentityWithoutPermission(t *testing.T) {
	const doubt = "a managed identity was used, since auth is auto and no secret or certificate is set, or a variable in it is empty: " +
		"set client_secret, client_secret_file or certificate_file, unless the managed identity is meant; else run "
	for _, tt := range []struct {
		auth    string
		doubted bool
	}{{"auto", true}, {"managed_identity", false}} {
		t.Run(tt.auth, func(t *testing.T) {
			r := newRig(t, api.Options{Blobs: 1, Records: 1, Types: []string{api.Exchange}})
			r.login.AddIdentity(login.Identity{TenantID: api.DefaultTenant, ClientID: clientID, Roles: []string{}})
			t.Setenv("IDENTITY_ENDPOINT", r.options["endpoint"]+login.AppServicePath)
			t.Setenv("IDENTITY_HEADER", r.login.IdentityHeader())
			r.options["content_types"], r.options["auth"], r.options["client_secret"] = api.Exchange, tt.auth, ""
			in := r.open()
			defer in.Close()
			r.listen(in, 15*time.Second, "may not read")
			r.listen(in, 3*time.Second, "")
			said := r.log.text()
			if strings.Count(said, "ActivityFeed.Read is missing") != 1 || strings.Contains(said, doubt) != tt.doubted || strings.Contains(said, "a managed identity was used") != tt.doubted {
				t.Errorf("the log says\n%s", said)
			}
		})
	}
}

// What a token permits is not judged where it cannot be read: the service decides.
func TestTokensThatCannotBeRead(t *testing.T) {
	readable := "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"roles":[]}`)) + ".x"
	for token, reported := range map[string]bool{"opaque": false, "a.b": false, "e30.!.x": false, "a.b.c.d.e": false, readable: true} {
		c, wrong := newTokenCheck()
		if c.inspect(token); (wrong() != "") != reported {
			t.Errorf("%s: %q", token, wrong())
		}
	}
}

// offline is a network that is down.
type offline struct{}

func (offline) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no network") }

// What the last token permits is known until there is another one: a login that fails
// changes nothing.
func TestPermitsByTheLastToken(t *testing.T) {
	token := func(claims string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".x"
	}
	synctest.Test(t, func(t *testing.T) {
		c, _ := newTokenCheck()
		settings := identity.Settings{TenantID: api.DefaultTenant, Method: identity.ClientSecret, ClientID: clientID, ClientSecret: "s", AuthorityHost: "https://127.0.0.1", CustomAuthority: true, Audience: "https://127.0.0.1", HTTP: &http.Client{Transport: offline{}}}
		var err error
		if c.source, err = identity.New(settings); err != nil {
			t.Fatal(err)
		}
		check := func(when string, mail, dlp bool) {
			t.Helper()
			if c.Permits("ActivityFeed.Read") != mail || c.Permits("ActivityFeed.ReadDlp") != dlp {
				t.Errorf("%s: mail %t, DLP %t", when, !mail, !dlp)
			}
		}
		check("without a token", false, false)
		c.inspect(token(`{"roles":["ActivityFeed.Read","ActivityFeed.ReadDlp"]}`))
		check("both", true, true)
		if _, err := c.Token(t.Context()); err == nil {
			t.Fatal("there is a token without a network")
		}
		check("after a login that fails", true, true)
		c.inspect(token(`{"roles":["ActivityFeed.Read"]}`))
		check("one of two", true, false)
	})
}
