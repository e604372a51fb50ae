package identity

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
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
	s.ClientSecretFile, s.OnFallback = keep(t, "secret", []byte(secret+"\r\n")), l.add
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
}

func TestCertificate(t *testing.T) {
	one, issuer := firstPair(), secondPair()
	leaf := newPair(3, &issuer)
	encode := func(e *pkcs12.Encoder, p pair, chain []*x509.Certificate, password string) []byte {
		data, err := e.Encode(p.key, p.certificate, chain, password)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	chain := []*x509.Certificate{issuer.certificate}
	tests := []struct {
		name     string
		file     []byte
		password string
		pair     pair
	}{
		{"PEM, PKCS #8", one.pem(), "", one},
		{"PEM, PKCS #1", concat(certificatePEM(one.certificate), one.pkcs1()), "", one},
		{"PEM, key first", concat(one.pkcs8(), certificatePEM(one.certificate)), "", one},
		{"PEM with text around", concat([]byte("Bag Attributes\n  friendlyName: x\n"), one.pem()), "", one},
		{"PEM, needless password", one.pem(), "x", one},
		{"PEM, chain", concat(leaf.pem(), certificatePEM(issuer.certificate)), "", leaf},
		{"PEM, chain with the issuer first", concat(certificatePEM(issuer.certificate), leaf.pem()), "", leaf},
		{"PFX, modern", encode(pkcs12.Modern2023, one, nil, "made-up"), "made-up", one},
		{"PFX, modern 2026", encode(pkcs12.Modern2026, one, nil, "made-up"), "made-up", one},
		{"PFX, legacy", encode(pkcs12.LegacyDES, one, nil, "made-up"), "made-up", one},
		{"PFX, legacy RC2", encode(pkcs12.LegacyRC2, one, nil, "made-up"), "made-up", one},
		{"PFX without password", encode(pkcs12.Passwordless, one, nil, ""), "", one},
		{"PFX, chain", encode(pkcs12.Modern2023, leaf, chain, "made-up"), "made-up", leaf},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDirectory(t, login.App{Certificates: []*x509.Certificate{tt.pair.certificate}})
			s := d.settings()
			s.CertificateFile, s.CertificatePassword = keep(t, "certificate", tt.file), option.Secret(tt.password)
			source := open(t, s)
			d.check(t, source)
			if got := source.CertificateExpiry(); !got.Equal(tt.pair.certificate.NotAfter) {
				t.Errorf("CertificateExpiry = %v", got)
			}
		})
	}
}

// TestChainIsSent: a chain in the file is for apps that trust an issuer.
func TestChainIsSent(t *testing.T) {
	one, parent := firstPair(), secondPair()
	leaf := newPair(4, &parent)
	tests := []struct {
		name string
		file []byte
		pair pair
		want int
	}{
		{"certificate alone", one.pem(), one, 0},
		{"chain", concat(leaf.pem(), certificatePEM(parent.certificate)), leaf, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDirectory(t, login.App{Certificates: []*x509.Certificate{tt.pair.certificate}})
			var sent *jwt.Token
			s := d.settings()
			s.CertificateFile = keep(t, "c.pem", tt.file)
			s.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodPost {
					data, err := io.ReadAll(r.Body)
					if err != nil {
						return nil, err
					}
					form, err := url.ParseQuery(string(data))
					if err != nil {
						return nil, err
					}
					if sent, _, err = jwt.NewParser().ParseUnverified(form.Get("client_assertion"), jwt.MapClaims{}); err != nil {
						return nil, err
					}
					r.Body = io.NopCloser(bytes.NewReader(data))
				}
				return d.server.Client().Transport.RoundTrip(r)
			})}
			d.check(t, open(t, s))
			if chain, _ := sent.Header["x5c"].([]any); len(chain) != tt.want {
				t.Errorf("sent %d certificates, want %d", len(chain), tt.want)
			}
		})
	}
}

// TestOldSecretOnlyWhenRefused: trouble with the network says nothing about a
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

// TestOpenSSL reads what OpenSSL 3.0 wrote: req -x509 (key in 3DES), pkcs8
// -topk8 (AES), pkcs12 -export, and pkcs12 -export -legacy as before OpenSSL 3.
func TestOpenSSL(t *testing.T) {
	for _, name := range []string{"req.pem", "pkcs8.pem", "openssl3.pfx", "openssl1.pfx"} {
		t.Run(name, func(t *testing.T) {
			s := complete()
			s.CertificateFile, s.CertificatePassword = "testdata/"+name, "made-up"
			source := open(t, s)
			d := newDirectory(t, login.App{Certificates: source.requester.accepted.Load().certificates})
			s.AuthorityHost, s.CustomAuthority, s.HTTP = d.server.URL, true, d.server.Client()
			d.check(t, open(t, s))
		})
	}
}

func TestCertificateRotation(t *testing.T) {
	one, two := firstPair(), secondPair()
	d := newDirectory(t, login.App{Certificates: []*x509.Certificate{one.certificate, two.certificate}})
	var l lines
	s := d.settings()
	s.CertificateFile, s.OnFallback = keep(t, "c.pem", one.pem()), l.add
	source := open(t, s)
	token := d.check(t, source)

	replace(t, s.CertificateFile, two.pem()[:700])
	source.Reject(token)
	token = d.check(t, source)
	if !strings.Contains(l.String(), "held before") {
		t.Errorf("logged %q", l.String())
	}

	replace(t, s.CertificateFile, two.pem())
	d.ChangeApp(clientID, func(a *login.App) { a.Certificates = []*x509.Certificate{two.certificate} })
	source.Reject(token)
	d.check(t, source)
	if !source.CertificateExpiry().Equal(two.certificate.NotAfter) {
		t.Error("the certificate in use is not the new one")
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
	source := open(t, s)
	token := d.check(t, source)

	// The cluster got a new key, and Kubernetes projects a new token.
	d.ChangeApp(clientID, func(a *login.App) {
		a.Federated = []login.Federation{{Issuer: issuer, Subject: subject, Key: &two.key.PublicKey}}
	})
	replace(t, file, assertion(t, two, issuer, subject, "api://AzureADTokenExchange", fresh))
	source.Reject(token)
	d.check(t, source)
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
