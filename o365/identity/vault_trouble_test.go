package identity

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/vault"
)

// Each trouble is one line that says what is wrong and what to do.
func TestVaultTrouble(t *testing.T) {
	const here = `client_secret_uri "https://mine.vault.azure.net/secrets/o365"`
	const host = "mine.vault.azure.net: "
	stored := func(v *vaulted) { v.vault.Put(entry, vault.Secret{Value: secret}) }
	instead := func(answer func() (*http.Response, error)) func(*testing.T, *vaulted) {
		return func(_ *testing.T, v *vaulted) {
			next := v.client.Transport
			v.client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.URL.Host != v.vault.Host() {
					return next.RoundTrip(r)
				}
				resp, err := answer()
				if resp != nil {
					resp.Request = r
				}
				return resp, err
			})
		}
	}
	tests := []struct {
		name     string
		arrange  func(*testing.T, *vaulted)
		what, do string
		detail   string
	}{
		{"missing", func(*testing.T, *vaulted) {},
			"the Key Vault has no such secret, or it was deleted",
			"check its name and version in client_secret_uri; az keyvault secret recover brings a deleted one back",
			host + "HTTP 404 SecretNotFound: A secret with (name/id) o365 was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command."},
		{"deleted", func(_ *testing.T, v *vaulted) { stored(v); v.vault.Delete(entry) },
			"the Key Vault has no such secret, or it was deleted", "", ""},
		{"disabled", func(_ *testing.T, v *vaulted) { v.vault.Put(entry, vault.Secret{Value: secret, Disabled: true}) },
			"the secret in Key Vault is disabled", "enable it, or store a new version",
			host + "HTTP 403 SecretDisabled: Operation get is not allowed on a disabled secret."},
		{"no role", func(_ *testing.T, v *vaulted) { stored(v); v.vault.Deny() },
			"the identity of this machine is not allowed to read secrets of the Key Vault",
			"give it the role Key Vault Secrets User in the vault, or with access policies the secret permission Get; it takes some minutes to have effect",
			host + "HTTP 403 ForbiddenByRbac: Caller is not authorized to perform action on resource."},
		{"firewall", func(_ *testing.T, v *vaulted) { stored(v); v.vault.SetFirewall(true) },
			"the Key Vault's firewall refuses this machine", "allow its address or subnet in the vault's Networking, or use a private endpoint",
			host + "HTTP 403 ForbiddenByFirewall: Client address is not authorized and caller is not a trusted service."},
		{"vault of another tenant", func(t *testing.T, v *vaulted) {
			stored(v)
			v.AddIdentity(login.Identity{TenantID: "77777777-7777-4777-8777-777777777777", ClientID: "88888888-8888-4888-8888-888888888888"})
			t.Setenv(federatedClientID, "88888888-8888-4888-8888-888888888888")
		}, "the Key Vault does not accept the identity of this machine", "check that the vault belongs to the tenant of that identity",
			host + "HTTP 401 Unauthorized: AKV10032: Invalid issuer. Expected one of https://sts.windows.net/11111111-1111-4111-8111-111111111111/, found https://sts.windows.net/77777777-7777-4777-8777-777777777777/."},
		{"expired", func(t *testing.T, v *vaulted) {
			v.vault.Put(entry, vault.Secret{Value: "old~value", Expires: time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)})
		}, "the client secret is wrong",
			"client_secret_uri wants the secret's Value, not its Secret ID; by Key Vault it has expired on 2026-01-02: store a new version there",
			"AADSTS7000215: Invalid client secret provided"},
		{"not yet valid", func(t *testing.T, v *vaulted) {
			v.vault.Put(entry, vault.Secret{Value: "early~value", NotBefore: time.Date(2099, 1, 2, 3, 0, 0, 0, time.UTC)})
		}, "the client secret is wrong",
			"client_secret_uri wants the secret's Value, not its Secret ID; by Key Vault it is not valid before 2099-01-02T03:00:00Z", ""},
		{"secret that has ended", func(t *testing.T, v *vaulted) {
			v.vault.Put(entry, vault.Secret{Value: secret})
			v.ChangeApp(clientID, func(a *login.App) { a.SecretExpires = time.Now().Add(-time.Hour) })
		}, "the client secret has expired", "make a new client secret for the app and put its Value into the secret of client_secret_uri", ""},
		{"blank", func(_ *testing.T, v *vaulted) { v.vault.Put(entry, vault.Secret{Value: `""`}) },
			"what Key Vault gives can't be used", "check what is stored there, and client_secret_uri", here + ": nothing but quotes or blanks is in it (is the variable empty?)"},
		{"quotes", func(_ *testing.T, v *vaulted) { v.vault.Put(entry, vault.Secret{Value: `"` + secret + `"`}) },
			"the client secret is wrong", "client_secret_uri wants the secret's Value, not its Secret ID; " + here + " has quotes around it, which is sent too", ""},
		{"a certificate", func(t *testing.T, v *vaulted) {
			v.vault.Put(entry, vault.Secret{Value: string(firstPair().pem()), ContentType: "application/x-pem-file"})
		}, "what Key Vault gives can't be used", "check what is stored there, and client_secret_uri", here + ": is a certificate: name it in certificate_uri"},
		{"wrong name", instead(func() (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "mine.vault.azure.net", IsNotFound: true}}
		}), "there is no Key Vault of this name",
			"check client_secret_uri; for a vault with a private endpoint, this machine must use its DNS zone",
			host + "dial tcp: lookup mine.vault.azure.net: no such host"},
		{"refused connection", instead(func() (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
		}), "the Key Vault can't be reached", "check network, DNS, firewall and proxy if it lasts; it is tried again",
			host + "dial tcp: connection refused"},
		{"foreign root", instead(func() (*http.Response, error) {
			return nil, &tls.CertificateVerificationError{Err: errors.New("x509: certificate signed by unknown authority")}
		}), "the Key Vault's certificate is not trusted",
			"if a proxy or a firewall signs the connection, put its root certificate into ca_file", ""},
		{"redirect", instead(answers(302, "")), "the Key Vault answers with a redirect, which gets no credential",
			"check client_secret_uri, and search for a proxy or a captive portal on the way", ""},
		{"web page", instead(answers(403, "<html>blocked")), "a web page answers in place of the Key Vault",
			"let requests to this host through, and search for a proxy or a captive portal on the way", ""},
		{"other JSON", instead(answers(200, `{"a":1}`)), "what Key Vault gives can't be used", "", here + ": nothing but quotes or blanks is in it (is the variable empty?)"},
		{"damaged", instead(answers(200, `{"value":"`+secret)), "the Key Vault's answer cannot be used", "", host + "JSON that is damaged or cut off"},
		{"forbidden without words", instead(answers(403, "")), "the identity of this machine is not allowed to read secrets of the Key Vault", "", host + "HTTP 403"},
		{"throttled", instead(answers(429, `{"error":{"code":"Throttled","message":"Request was not processed."}}`)),
			"the Key Vault can't be read", "nothing to do unless it lasts: it is tried again", host + "HTTP 429 Throttled: Request was not processed."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVaulted(t, login.App{Secret: secret})
			tt.arrange(t, v)
			source, _ := v.open(t, v.settings())
			e := failing(t, source)
			what, do, detail := e.Explain()
			if what != tt.what || tt.do != "" && do != tt.do || tt.detail != "" && detail != tt.detail {
				t.Errorf("explained\n%s\n%s\n%s\nwant\n%s\n%s\n%s", what, do, detail, tt.what, tt.do, tt.detail)
			}
			if text := fmt.Sprint(what, do, detail, e); strings.ContainsAny(text, "\r\n") || strings.Contains(text, secret) {
				t.Errorf("not one line without secrets: %q", text)
			}
		})
	}
}

// answers returns what answers in place of a vault.
func answers(status int, body string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Location": {"https://example.com/"}},
			Body: io.NopCloser(strings.NewReader(body)), ProtoMajor: 1, ProtoMinor: 1,
		}, nil
	}
}

// TestVaultChallenge: no token leaves for a challenge that is not the vault's, and none
// stops the process.
func TestVaultChallenge(t *testing.T) {
	const authorization = `authorization="https://login.microsoftonline.com/` + tenantID + `"`
	for _, challenge := range []string{
		`Bearer ` + authorization + `, resource="https://example.com"`,
		`Bearer ` + authorization + `, resource="https://azure.net"`,
		`Bearer ` + authorization + `, scope="https://manage.office.com/.default"`,
		`Bearer ` + authorization + `, resource="https://vault.azure.net.example.com"`,
		`Bearer ` + authorization + `, resource="vault.azure.net"`,
		`Bearer ` + authorization,
		`Bearer authorization="http://login.microsoftonline.com/` + tenantID + `", resource="https://vault.azure.net"`,
		`Basic realm="vault"`,
		`Bearer error="insufficient_claims", claims="?"`,
	} {
		t.Run(challenge, func(t *testing.T) {
			v := newVaulted(t, login.App{Secret: secret})
			v.vault.Put(entry, vault.Secret{Value: secret})
			v.vault.SetChallenge(challenge)
			source, _ := v.open(t, v.settings())
			e := failing(t, source)
			if n := v.Requests(); n.Identity+n.Token != 0 || v.vault.Requests() != 0 {
				t.Errorf("%+v requests for a token, %d with one", n, v.vault.Requests())
			}
			if e.Plain == "" || e.Remedy == "" || strings.ContainsAny(e.Error(), "\r\n") {
				t.Errorf("%q: %q", e.Plain, e)
			}
		})
	}
}

// TestVaultCancelled: the end of the caller is no trouble of the vault.
func TestVaultCancelled(t *testing.T) {
	v := newVaulted(t, login.App{Secret: secret})
	v.SetDelay(time.Minute)
	defer v.SetDelay(0)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	source, _ := v.open(t, v.settings())
	if _, err := source.Token(ctx); !errors.Is(err, context.Canceled) || err.Error() != "login: context canceled" {
		t.Errorf("error %v", err)
	}
}

func TestVaultCertificateTrouble(t *testing.T) {
	p := firstPair()
	const here = `certificate_uri "https://mine.vault.azure.net/secrets/o365": `
	for _, tt := range []struct {
		name     string
		stored   vault.Secret
		what, do string
		detail   string
	}{
		{"not in the app registration", vault.Secret{Value: string(p.pem()), ContentType: "application/x-pem-file"},
			"the app does not know the certificate",
			fmt.Sprintf("upload the certificate of certificate_uri, thumbprint %X, to the app registration", sha1.Sum(p.certificate.Raw)), ""},
		{"key that cannot be exported", vault.Secret{Value: string(certificatePEM(p.certificate)), ContentType: "application/x-pem-file"},
			"what Key Vault gives can't be used", "check what is stored there, and certificate_uri", here + "has no private key: the certificate in Key Vault must have an exportable one"},
		{"no certificate", vault.Secret{Value: secret}, "what Key Vault gives can't be used", "check what is stored there, and certificate_uri", here + "is neither PEM nor PFX nor one of them in base64"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVaulted(t, login.App{})
			v.vault.Put(entry, tt.stored)
			s := v.settings()
			s.ClientSecretURI, s.CertificateURI = "", s.ClientSecretURI
			source, _ := v.open(t, s)
			if what, do, detail := failing(t, source).Explain(); what != tt.what || do != tt.do || tt.detail != "" && detail != tt.detail {
				t.Errorf("explained\n%s\n%s\n%s\nwant\n%s\n%s\n%s", what, do, detail, tt.what, tt.do, tt.detail)
			}
		})
	}
}
