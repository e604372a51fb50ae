package identity

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

func TestClientSecret(t *testing.T) {
	d := newDirectory(t, login.App{Secret: secret})
	s := d.settings()
	s.ClientSecret = secret
	source := open(t, s)
	if !source.Expiry().IsZero() {
		t.Error("expiry before the first login")
	}
	token := d.check(t, source)
	if again := d.check(t, source); again != token || d.Requests().Token != 1 {
		t.Error("the token is not kept")
	}
	if left := time.Until(source.Expiry()); left < 59*time.Minute || left > time.Hour {
		t.Errorf("expires in %v", left)
	}

	if err := d.Revoke(token); err != nil {
		t.Fatal(err)
	}
	source.Reject(token)
	if again := d.check(t, source); again == token || d.Requests().Token != 2 {
		t.Error("a rejected token was not fetched anew")
	}
}

// TestAuthority goes through Microsoft's own host names, with instance
// discovery on.
func TestAuthority(t *testing.T) {
	d := newDirectory(t, login.App{Secret: secret})
	for _, name := range []string{"enterprise", "gcc", "gcc_high", "dod"} {
		t.Run(name, func(t *testing.T) {
			cloud, _ := LookupCloud(name)
			var mu sync.Mutex
			hosts := map[string]bool{}
			agent := ""
			s := d.settings()
			s.ClientSecret, s.AuthorityHost, s.CustomAuthority, s.Audience = secret, cloud.Authority, false, cloud.Endpoint
			s.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				mu.Lock()
				defer mu.Unlock()
				hosts[r.URL.Host], agent = true, r.UserAgent()
				there := r.Clone(r.Context())
				there.URL.Host = strings.TrimPrefix(d.server.URL, "https://")
				return d.server.Client().Transport.RoundTrip(there)
			})}
			token, err := open(t, s).Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if claims, err := d.Verify(token); err != nil || claims.Audience != cloud.Endpoint {
				t.Errorf("audience %q, %v", claims.Audience, err)
			}
			if host := strings.TrimPrefix(cloud.Authority, "https://"); len(hosts) != 1 || !hosts[host] {
				t.Errorf("asked %v, want only %s", hosts, host)
			}
			if !strings.HasPrefix(agent, "fluent-bit-o365 ") {
				t.Errorf("User-Agent %q", agent)
			}
		})
	}
}

func TestSecretFileRotation(t *testing.T) {
	d := newDirectory(t, login.App{Secret: secret})
	var l lines
	s := d.settings()
	var newest, fallback int
	s.ClientSecretFile, s.OnFallback = keep(t, "secret", []byte(secret+"\r\n")), func(err error) {
		l.add(err)
		if newest++; err != nil {
			newest--
			fallback++
		}
	}
	source := open(t, s)
	token := d.check(t, source)

	const next = "another~Value"
	d.SetSecret(clientID, next)
	replace(t, s.ClientSecretFile, []byte(next+"\n"))
	source.Reject(token)
	token = d.check(t, source)

	// Caught half-written, empty, or gone: the secret before still works.
	for _, half := range []string{next[:4], "", "\n"} {
		replace(t, s.ClientSecretFile, []byte(half))
		source.Reject(token)
		token = d.check(t, source)
	}
	want := strings.ReplaceAll(strings.Join([]string{
		`login works only with what client_secret_file "F" held before: AADSTS7000215: Invalid client secret provided (client_secret wants the secret's Value, not its Secret ID)`,
		`login works only with what client_secret_file "F" held before: client_secret_file "F": file is empty`,
		`login works only with what client_secret_file "F" held before: client_secret_file "F": file is empty`,
	}, "\n"), "F", s.ClientSecretFile)
	if l.String() != want {
		t.Errorf("logged\n%s\nwant\n%s", l.String(), want)
	}

	// Nothing works: the error is that of the present file.
	d.SetSecret(clientID, "third")
	source.Reject(token)
	_, err := source.Token(t.Context())
	var refused *Error
	if !errors.As(err, &refused) || !refused.Configuration() || !strings.HasSuffix(refused.Message, "file is empty") {
		t.Errorf("error %v", err)
	}
	replace(t, s.ClientSecretFile, []byte("third"))
	d.check(t, source)
	if newest != 3 || fallback != 3 {
		t.Errorf("%d logins with the newest secret, %d with an older one; want 3 and 3", newest, fallback)
	}
}

// TestOldSecretOnlyWhenRefused: a failure of the network is no evidence against a
// new secret.
func TestOldSecretOnlyWhenRefused(t *testing.T) {
	d := newDirectory(t, login.App{Secret: secret})
	s := d.settings()
	s.ClientSecretFile = keep(t, "secret", []byte(secret))
	source := open(t, s)
	token := d.check(t, source)
	replace(t, s.ClientSecretFile, []byte("new"))
	d.FailNext(2, login.Failure{Status: 503})
	source.Reject(token)
	if _, err := source.Token(t.Context()); err == nil || d.Requests().Token != 3 {
		t.Errorf("error %v after %d requests", err, d.Requests().Token)
	}
}

const (
	issuer  = "https://oidc.example.com/cluster"
	subject = "system:serviceaccount:logging:fluent-bit"
)

// assertion is a workload's token, as Kubernetes projects it into a pod.
func assertion(t *testing.T, p pair, issuer, subject, audience string, expires time.Time) []byte {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: issuer, Subject: subject, Audience: jwt.ClaimStrings{audience},
		IssuedAt: jwt.NewNumericDate(time.Now()), ExpiresAt: jwt.NewNumericDate(expires),
	}).SignedString(p.key)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text)
}

func TestWorkloadIdentity(t *testing.T) {
	one, two := firstPair(), secondPair()
	d := newDirectory(t, login.App{Federated: []login.Federation{{Issuer: issuer, Subject: subject, Key: &one.key.PublicKey}}})
	fresh := time.Now().Add(time.Hour)
	file := keep(t, "token", assertion(t, one, issuer, subject, "api://AzureADTokenExchange", fresh))
	t.Setenv(federatedTokenFile, file)
	t.Setenv(federatedClientID, clientID)
	s := d.settings()
	s.ClientID = "" // the pod's
	s.Secrets = sanitize.NewRedactor()
	source := open(t, s)
	token := d.check(t, source)

	// The cluster got a new key, and Kubernetes projects a new token.
	d.ChangeApp(clientID, func(a *login.App) {
		a.Federated = []login.Federation{{Issuer: issuer, Subject: subject, Key: &two.key.PublicKey}}
	})
	replace(t, file, assertion(t, two, issuer, subject, "api://AzureADTokenExchange", fresh))
	source.Reject(token)
	d.check(t, source)

	replace(t, file, []byte("made-up-assertion"))
	source.Reject(source.token.Token)
	_, _ = source.Token(t.Context())
	if text := s.Secrets.Text("sent: made-up-assertion", sanitize.MaxText); text != "sent: <secret>" {
		t.Errorf("the assertion is shown: %s", text)
	}
}

func TestCancel(t *testing.T) {
	d := newDirectory(t, login.App{Secret: secret})
	d.SetDelay(time.Minute)
	s := d.settings()
	s.ClientSecret = secret
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	begun := time.Now()
	_, err := open(t, s).Token(ctx)
	if !errors.Is(err, context.Canceled) || err.Error() != "login: context canceled" {
		t.Errorf("error %v", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	d.SetDelay(0)
}

// TestQuickRetry: one hiccup of the login service is nobody's business.
func TestQuickRetry(t *testing.T) {
	d := newDirectory(t, login.App{Secret: secret})
	d.FailNext(1, login.Failure{Code: 90033})
	s := d.settings()
	s.ClientSecret = secret
	d.check(t, open(t, s))
}

func TestProxy(t *testing.T) {
	d := newDirectory(t, login.App{Secret: secret})
	asked := make(chan string, 10)
	transport := d.server.Client().Transport.(*http.Transport).Clone()
	transport.Proxy = func(r *http.Request) (*url.URL, error) {
		asked <- r.URL.Path
		return nil, nil
	}
	s := d.settings()
	s.ClientSecret, s.HTTP = secret, &http.Client{Transport: transport}
	d.check(t, open(t, s))
	if len(asked) == 0 {
		t.Error("the login went past the given transport")
	}
}
