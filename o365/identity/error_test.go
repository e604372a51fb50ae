package identity

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// fail asks for a token that there is not.
func fail(t *testing.T, s Settings) *Error {
	t.Helper()
	return failing(t, open(t, s))
}

func failing(t *testing.T, s *Source) *Error {
	t.Helper()
	token, err := s.Token(t.Context())
	var e *Error
	if token != "" || !errors.As(err, &e) {
		t.Fatalf("Token = %q, %v, want an *Error", token, err)
	}
	return e
}

func TestRefused(t *testing.T) {
	one, two := firstPair(), secondPair()
	app := login.App{
		Secret:       secret,
		Certificates: []*x509.Certificate{one.certificate},
		Federated:    []login.Federation{{Issuer: issuer, Subject: subject, Key: &one.key.PublicKey}},
	}
	byFile := func(p pair) func(*testing.T, *directory, *Settings) {
		return func(t *testing.T, _ *directory, s *Settings) { s.CertificateFile = keep(t, "c.pem", p.pem()) }
	}
	byToken := func(issuer, subject, audience string, expires time.Duration) func(*testing.T, *directory, *Settings) {
		return func(t *testing.T, _ *directory, s *Settings) {
			t.Setenv(federatedTokenFile, keep(t, "token", assertion(t, one, issuer, subject, audience, time.Now().Add(expires))))
			s.Method = WorkloadIdentity
		}
	}
	bySecret := func(change func(*directory, *Settings)) func(*testing.T, *directory, *Settings) {
		return func(_ *testing.T, d *directory, s *Settings) {
			s.ClientSecret = secret
			change(d, s)
		}
	}
	const exchange = "api://AzureADTokenExchange"
	tests := []struct {
		name    string
		prepare func(*testing.T, *directory, *Settings)
		want    string
	}{
		{"wrong secret", bySecret(func(_ *directory, s *Settings) { s.ClientSecret = "33333333-the-id" }),
			"AADSTS7000215: Invalid client secret provided (client_secret wants the secret's Value, not its Secret ID)"},
		{"expired secret", bySecret(func(d *directory, _ *Settings) {
			d.ChangeApp(clientID, func(a *login.App) { a.SecretExpires = time.Now().Add(-time.Hour) })
		}), "AADSTS7000222: The provided client secret keys for app '22222222-2222-4222-8222-222222222222' are expired " +
			"(make a new client secret for the app and put its Value into client_secret or client_secret_file)"},
		{"unknown app", bySecret(func(_ *directory, s *Settings) { s.ClientID = "44444444-4444-4444-8444-444444444444" }),
			"AADSTS700016: Application with identifier '44444444-4444-4444-8444-444444444444' was not found in the directory '11111111-1111-4111-8111-111111111111' " +
				"(check client_id and tenant_id; a multi-tenant app needs an administrator's consent in every tenant)"},
		{"unknown tenant", bySecret(func(_ *directory, s *Settings) { s.TenantID = "contoso.example.com" }),
			"AADSTS90002: Tenant 'contoso.example.com' not found (check tenant_id and cloud)"},
		{"disabled app", bySecret(func(d *directory, _ *Settings) {
			d.ChangeApp(clientID, func(a *login.App) { a.Disabled = true })
		}), "AADSTS7000112: Application '22222222-2222-4222-8222-222222222222' is disabled (enable the app's sign-in in Entra ID, Enterprise applications)"},
		{"unknown API", bySecret(func(_ *directory, s *Settings) { s.Audience = "https://manage.example.com" }),
			"AADSTS500011: The resource principal named https://manage.example.com was not found in the tenant named 11111111-1111-4111-8111-111111111111 " +
				"(check cloud and endpoint, and that the app has a permission of Office 365 Management APIs in this tenant)"},
		{"conditional access", bySecret(func(d *directory, _ *Settings) { d.FailNext(1, login.Failure{Code: 53003}) }),
			"AADSTS53003: Access has been blocked by Conditional Access policies (a Conditional Access policy blocks this app or this address: exclude it from the policy)"},
		{"a code without remedy", bySecret(func(d *directory, _ *Settings) {
			d.FailNext(1, login.Failure{Code: 12345, Description: "Something is\r\nquite wrong. Really."})
		}), "AADSTS12345: Something is quite wrong"},
		{"unknown certificate", byFile(two), fmt.Sprintf("AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application: The key was not found "+
			"(upload the certificate of certificate_file, thumbprint %s, to the app registration)", thumbprint(two.certificate))},
		{"certificate of another key", func(t *testing.T, d *directory, s *Settings) {
			byFile(one)(t, d, s)
			forged := *one.certificate
			forged.PublicKey = &two.key.PublicKey
			d.ChangeApp(clientID, func(a *login.App) { a.Certificates = []*x509.Certificate{&forged} })
		}, fmt.Sprintf("AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application: The provided signature value did not match the expected signature value "+
			"(upload the certificate of certificate_file, thumbprint %s, to the app registration)", thumbprint(one.certificate))},
		{"federated issuer", byToken("https://elsewhere.example.com", subject, exchange, time.Hour),
			"AADSTS700211: No matching federated identity record found for presented assertion issuer 'https://elsewhere.example.com' (" + federation + ")"},
		{"federated subject", byToken(issuer, "system:serviceaccount:default:default", exchange, time.Hour),
			"AADSTS700213: No matching federated identity record found for presented assertion subject 'system:serviceaccount:default:default' (" + federation + ")"},
		{"federated audience", byToken(issuer, subject, "kubernetes", time.Hour),
			"AADSTS700212: No matching federated identity record found for presented assertion audience 'kubernetes' (" + federation + ")"},
		{"federated, old form", func(t *testing.T, d *directory, s *Settings) {
			byToken(issuer, subject, exchange, time.Hour)(t, d, s)
			d.FailNext(1, login.Failure{Code: 70021})
		}, "AADSTS70021: No matching federated identity record found for presented assertion (" + federation + ")"},
		{"federated, expired", byToken(issuer, subject, exchange, -time.Hour),
			"AADSTS700024: Client assertion is not within its valid time range (set this machine's clock; with a federated token, check that its file is renewed)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDirectory(t, app)
			s := d.settings()
			tt.prepare(t, d, &s)
			e := fail(t, s)
			if e.Error() != tt.want {
				t.Errorf("error\n%s\nwant\n%s", e, tt.want)
			}
			if !e.Configuration() {
				t.Error("not a matter of configuration")
			}
		})
	}
}

func thumbprint(c *x509.Certificate) string {
	e := (&requester{}).refused(credential{certificates: []*x509.Certificate{c}}, &recorder{status: 401, body: []byte(`{"error_codes":[700027]}`)})
	_, rest, _ := strings.Cut(e.Error(), "thumbprint ")
	text, _, _ := strings.Cut(rest, ",")
	return text
}

func TestThumbprint(t *testing.T) {
	// As openssl x509 -fingerprint -sha1 shows it, without colons.
	if got := thumbprint(firstPair().certificate); len(got) != 40 || strings.ToUpper(got) != got {
		t.Errorf("thumbprint %q", got)
	}
}

// TestTrouble has the failures that a retry may solve.
func TestTrouble(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := gone.Addr().String()
	_ = gone.Close()
	answer := func(status int, kind, body string) *http.Client {
		return &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})}
	}
	tests := []struct {
		name          string
		prepare       func(*directory, *Settings)
		want          string // HOST stands for the login service
		configuration bool
	}{
		{"nobody listens", func(_ *directory, s *Settings) { s.AuthorityHost = "https://" + address },
			address + ": dial tcp " + address + ": connect: connection refused", false},
		{"connection dropped", func(d *directory, _ *Settings) { d.FailNext(2, login.Failure{Drop: true}) }, "HOST: EOF", false},
		{"client's timeout", func(d *directory, s *Settings) {
			d.SetDelay(time.Minute)
			s.HTTP.Timeout = 100 * time.Millisecond
		}, "HOST: no answer in time", false},
		{"unavailable", func(d *directory, _ *Settings) { d.FailNext(2, login.Failure{Status: 503}) }, "HOST: HTTP 503 Service Unavailable", false},
		{"timeout of the service", func(d *directory, _ *Settings) { d.FailNext(2, login.Failure{Status: 408}) }, "HOST: HTTP 408 Request Timeout", false},
		{"too many requests", func(d *directory, _ *Settings) {
			d.FailNext(1, login.Failure{Status: 429, RetryAfter: time.Hour})
		}, "HOST: HTTP 429 Too Many Requests", false},
		{"transient", func(d *directory, _ *Settings) { d.FailNext(2, login.Failure{Code: 90033}) },
			"AADSTS90033: A transient error has occurred (" + later + ")", false},
		{"transient by code only", func(d *directory, _ *Settings) { d.FailNext(1, login.Failure{Code: 90033, Status: 400}) },
			"AADSTS90033: A transient error has occurred (" + later + ")", false},
		{"not a login service", func(_ *directory, s *Settings) { s.HTTP = answer(404, "text/html", "<html>no") },
			"HOST: HTTP 404: a web page came instead of JSON: is a proxy or a firewall between? (let HOST through at every proxy and firewall on the way (the option proxy, or HTTPS_PROXY); check authority_host)", true},
		{"a page in between", func(_ *directory, s *Settings) { s.HTTP = answer(200, "text/html", "<html>eyJhbGciOi.eyJhdWQi.c2ln") },
			"HOST: HTTP 200: a web page came instead of JSON: is a proxy or a firewall between? (let HOST through at every proxy and firewall on the way (the option proxy, or HTTPS_PROXY); check authority_host)", false},
		{"untrusted certificate", func(_ *directory, s *Settings) { s.HTTP = &http.Client{} },
			"HOST: tls: failed to verify certificate: x509: certificate signed by unknown authority " +
				"(if a proxy or a private cloud signs the connection, put its root certificate into ca_file)", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDirectory(t, login.App{Secret: secret})
			s := d.settings()
			s.ClientSecret = secret
			client := *s.HTTP
			s.HTTP = &client
			tt.prepare(d, &s)
			e := fail(t, s)
			if got := strings.ReplaceAll(e.Error(), strings.TrimPrefix(d.server.URL, "https://"), "HOST"); got != tt.want {
				t.Errorf("error\n%s\nwant\n%s", got, tt.want)
			}
			if e.Configuration() != tt.configuration {
				t.Errorf("Configuration = %v", e.Configuration())
			}
		})
	}
}

func TestUnwrap(t *testing.T) {
	d := newDirectory(t, login.App{Secret: secret})
	s := d.settings()
	s.ClientSecret = secret
	d.server.Close()
	var op *net.OpError
	if e := fail(t, s); !errors.As(e, &op) || op.Op != "dial" {
		t.Errorf("no net.OpError under %v", e)
	}
}

// TestNoSecrets puts secrets where careless answers and messages would show
// them, and searches everything that an error can print.
func TestNoSecrets(t *testing.T) {
	one := firstPair()
	workload := string(assertion(t, one, issuer, subject, "x", time.Now().Add(time.Hour)))
	tests := []struct {
		name   string
		method Method
	}{
		{"secret", ClientSecret}, {"certificate", Certificate}, {"federated", WorkloadIdentity},
	}
	answers := map[string]func(posted string) *http.Response{
		"echo in a description": func(posted string) *http.Response {
			return response(401, `{"error":"invalid_client","error_description":"AADSTS7000215: You sent `+posted+` to us. Trace ID: 1","error_codes":[7000215]}`)
		},
		"echo without code": func(posted string) *http.Response { return response(400, `{"error_description":"`+posted+`"}`) },
		"echo as text":      func(posted string) *http.Response { return response(500, posted) },
		"broken answer":     func(posted string) *http.Response { return response(200, `{"access_token":"`+posted+`"`) },
		"token not JSON":    func(posted string) *http.Response { return response(200, posted) },
	}
	for _, tt := range tests {
		for name, answer := range answers {
			t.Run(tt.name+", "+name, func(t *testing.T) {
				d := newDirectory(t, login.App{})
				s := d.settings()
				s.Method, s.ClientSecret = tt.method, ""
				t.Setenv(federatedTokenFile, keep(t, "token", []byte(workload)))
				switch tt.method {
				case ClientSecret:
					s.ClientSecret = secret
				case Certificate:
					s.CertificateFile, s.CertificatePassword = keep(t, "c.pem", one.pem()), "pass~word"
				}
				var sent string
				s.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.Method != http.MethodPost {
						return d.server.Client().Transport.RoundTrip(r)
					}
					if err := r.ParseForm(); err != nil {
						return nil, err
					}
					sent = r.PostForm.Get("client_secret") + r.PostForm.Get("client_assertion")
					return answer(sent), nil
				})}
				source := open(t, s)
				_, err := source.Token(t.Context())
				if err == nil || sent == "" {
					t.Fatalf("error %v after sending %q", err, sent)
				}
				for e := err; e != nil; e = errors.Unwrap(e) {
					text := fmt.Sprintf("%v %+v %#v", e, e, e)
					for _, hidden := range []string{sent, secret, workload, "pass~word"} {
						if strings.Contains(text, hidden) {
							t.Errorf("%T holds a secret: %s", e, text)
						}
					}
				}
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("more than one line: %q", err)
				}
			})
		}
	}
	if text := fmt.Sprintf("%v %+v", Settings{ClientSecret: secret, CertificatePassword: "pass~word"}, &Settings{ClientSecret: option.Secret(secret)}); strings.Contains(text, secret) || strings.Contains(text, "pass~word") {
		t.Errorf("settings show a secret: %s", text)
	}
}
