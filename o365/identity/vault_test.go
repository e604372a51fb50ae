package identity

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/vault"
)

// A vaulted is a directory with a machine that has an identity, and a vault over TLS
// that it may read.
type vaulted struct {
	*directory
	vault  *vault.Service
	server *httptest.Server // of the vault
	client *http.Client     // finds the vault under its own name
	states lines
}

const entry = "o365" // the secret's name

func newVaulted(t *testing.T, app login.App) *vaulted {
	t.Helper()
	noEnvironment(t)
	v := &vaulted{directory: newMachine(t)}
	v.vault = vault.New(vault.Options{Name: "mine", TenantID: tenantID, Verify: v.Verify})
	v.vault.Allow(systemID)
	v.AddResource(vault.Resource)
	app.ClientID = clientID
	v.AddApp(app, tenantID)
	v.server = httptest.NewTLSServer(v.vault)
	t.Cleanup(v.server.Close)
	v.client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host != v.vault.Host() {
			return v.directory.server.Client().Transport.RoundTrip(r)
		}
		there := r.Clone(r.Context())
		there.URL.Host = strings.TrimPrefix(v.server.URL, "https://")
		return v.server.Client().Transport.RoundTrip(there)
	})}
	t.Setenv("IDENTITY_ENDPOINT", v.directory.server.URL+login.AppServicePath)
	t.Setenv("IDENTITY_HEADER", v.IdentityHeader())
	return v
}

// settings are those of a login with the client secret in the vault.
func (v *vaulted) settings() Settings {
	s := v.directory.settings()
	s.ClientSecretURI, s.HTTP, s.OnFallback = v.vault.URI(entry), v.client, v.states.add
	return s
}

// open returns a source that does not wait before a retry, and whose clock can be set.
func (v *vaulted) open(t *testing.T, s Settings) (source *Source, wait func(time.Duration)) {
	t.Helper()
	source = open(t, s)
	box, now := source.requester.vault, time.Now()
	box.retryPause, box.now = time.Millisecond, func() time.Time { return now }
	for _, m := range []*Source{box.reader.given, box.reader.person} {
		m.requester.retryPause = time.Millisecond
	}
	return source, func(d time.Duration) { now = now.Add(d) }
}

// again logs in anew.
func (v *vaulted) again(t *testing.T, s *Source) {
	t.Helper()
	s.Reject(s.token.Token)
	v.check(t, s)
}

func TestVaultSecret(t *testing.T) {
	v := newVaulted(t, login.App{Secret: secret})
	v.vault.Put(entry, vault.Secret{Value: secret + "\n"})
	source, wait := v.open(t, v.settings())
	if n := v.vault.Requests(); n != 0 {
		t.Errorf("%d requests before the first login", n)
	}
	v.check(t, source)
	v.again(t, source)
	wait(vaultInterval - time.Second)
	v.again(t, source)
	if n := v.vault.Requests(); n != 1 {
		t.Errorf("%d requests, want 1 within %v", n, vaultInterval)
	}
	wait(time.Second)
	v.again(t, source)
	if n := v.vault.Requests(); n != 2 {
		t.Errorf("%d requests, want 2 after %v", n, vaultInterval)
	}

	// A rotation: the next login is refused and reads the new version.
	v.SetSecret(clientID, "rotated~value")
	v.vault.Put(entry, vault.Secret{Value: "rotated~value"})
	v.again(t, source)
	if n := v.vault.Requests(); n != 3 {
		t.Errorf("%d requests, want 3 after a rotation", n)
	}
	if text := v.states.String(); text != "" {
		t.Errorf("reported %s", text)
	}
	if text := source.requester.settings.Secrets.Text("it is rotated~value", 100); strings.Contains(text, "rotated") {
		t.Errorf("shown: %s", text)
	}
}

// TestVaultVersion: one version stays, whatever comes after it.
func TestVaultVersion(t *testing.T) {
	v := newVaulted(t, login.App{Secret: secret})
	s := v.settings()
	s.ClientSecretURI = v.vault.Put(entry, vault.Secret{Value: secret})
	v.vault.Put(entry, vault.Secret{Value: "newer~value"})
	source, _ := v.open(t, s)
	v.check(t, source)
}

func TestVaultCertificate(t *testing.T) {
	p := firstPair()
	pfx, err := pkcs12.Modern.Encode(p.key, p.certificate, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]vault.Secret{
		"PFX": {Value: base64.StdEncoding.EncodeToString(pfx), ContentType: "application/x-pkcs12"},
		"PEM": {Value: string(p.pem()), ContentType: "application/x-pem-file"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVaulted(t, login.App{})
			v.ChangeApp(clientID, func(a *login.App) { a.Certificates = append(a.Certificates, p.certificate) })
			v.vault.Put(entry, content)
			s := v.settings()
			s.ClientSecretURI, s.CertificateURI = "", s.ClientSecretURI
			source, _ := v.open(t, s)
			if !source.CertificateExpiry().IsZero() {
				t.Error("an expiry before the certificate is known")
			}
			v.check(t, source)
			if source.Method() != Certificate || !source.CertificateExpiry().Equal(p.certificate.NotAfter) {
				t.Errorf("%s, expiry %v", source.Method(), source.CertificateExpiry())
			}
		})
	}
}

// TestVaultAway: without the vault there is no first login, and later ones go on with
// what it gave.
func TestVaultAway(t *testing.T) {
	v := newVaulted(t, login.App{Secret: secret})
	v.vault.Put(entry, vault.Secret{Value: secret})
	source, wait := v.open(t, v.settings())
	v.vault.FailNext(2, http.StatusServiceUnavailable)
	e := failing(t, source)
	want := "mine.vault.azure.net: HTTP 503 Service Unavailable: A made-up failure. (nothing to do unless it lasts: it is tried again)"
	if e.Error() != want || e.Configuration() {
		t.Errorf("%v: %s\nwant %s", e.Configuration(), e, want)
	}
	v.check(t, source)

	wait(vaultInterval)
	v.vault.FailNext(2, http.StatusServiceUnavailable)
	v.again(t, source)
	want = "client_secret_uri can't be read again: mine.vault.azure.net: HTTP 503 Service Unavailable: A made-up failure. (nothing to do unless it lasts: it is tried again)"
	if text := v.states.String(); text != want {
		t.Errorf("reported\n%s\nwant\n%s", text, want)
	}

	wait(vaultInterval)
	v.again(t, source)
	if err := source.requester.vault.trouble(); err != nil {
		t.Errorf("still reported: %v", err)
	}

	// Both are wrong: what was kept, and the vault.
	v.SetSecret(clientID, "another~value")
	wait(vaultInterval)
	v.vault.Change(entry, func(s *vault.Secret) { s.Disabled = true })
	source.Reject(source.token.Token)
	if e := failing(t, source); e.Plain != vaultMeanings["SecretDisabled"].what {
		t.Errorf("error %s", e)
	}
	v.vault.Put(entry, vault.Secret{Value: "another~value"})
	v.check(t, source)
}

// TestVaultAskedOnce: what is refused although it was just read is not read again.
func TestVaultAskedOnce(t *testing.T) {
	v := newVaulted(t, login.App{Secret: secret})
	v.vault.Put(entry, vault.Secret{Value: "mistyped~value"})
	source, _ := v.open(t, v.settings())
	failing(t, source)
	if v.vault.Requests() != 1 || v.Requests().Token != 1 {
		t.Errorf("%d requests to the vault, %d logins", v.vault.Requests(), v.Requests().Token)
	}
	failing(t, source)
	if v.vault.Requests() != 2 {
		t.Errorf("%d requests to the vault, want one for each login", v.vault.Requests())
	}
}

// TestVaultOldVersion: a new version that does not work is reported, and the one
// before is used.
func TestVaultOldVersion(t *testing.T) {
	v := newVaulted(t, login.App{Secret: secret})
	v.vault.Put(entry, vault.Secret{Value: secret})
	source, wait := v.open(t, v.settings())
	v.check(t, source)
	v.vault.Put(entry, vault.Secret{Value: "mistyped~value"})
	wait(vaultInterval)
	v.again(t, source)
	const want = `login works only with what client_secret_uri "https://mine.vault.azure.net/secrets/o365" held before: ` +
		"AADSTS7000215: Invalid client secret provided (client_secret_uri wants the secret's Value, not its Secret ID)"
	if text := v.states.String(); text != want {
		t.Errorf("reported\n%s\nwant\n%s", text, want)
	}
}

// TestVaultHangs: a vault that does not answer leaves a renewal the time to log in with
// what it gave before.
func TestVaultHangs(t *testing.T) {
	noEnvironment(t)
	t.Setenv("IDENTITY_ENDPOINT", "https://machine.example"+login.AppServicePath)
	key := firstPair().key
	synctest.Test(t, func(t *testing.T) {
		d := login.New(login.Options{Key: key})
		d.AddApp(login.App{ClientID: clientID, Secret: secret}, tenantID)
		d.AddIdentity(login.Identity{TenantID: tenantID, ClientID: systemID, System: true})
		d.AddResource(vault.Resource)
		t.Setenv("IDENTITY_HEADER", d.IdentityHeader())
		box := vault.New(vault.Options{Name: "mine", TenantID: tenantID, Verify: d.Verify})
		box.Allow(systemID)
		box.Put(entry, vault.Secret{Value: secret})
		hangs := box.Host()
		var states lines
		s := complete()
		s.AuthorityHost, s.CustomAuthority, s.ClientSecretURI, s.OnFallback = "https://login.example", true, box.URI(entry), states.add
		s.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			switch r.URL.Host {
			case hangs:
				<-r.Context().Done()
				return nil, r.Context().Err()
			case box.Host():
				box.ServeHTTP(w, r)
			default:
				d.ServeHTTP(w, r)
			}
			resp := w.Result()
			resp.Request = r
			return resp, nil
		})}
		source := open(t, s)
		for _, tt := range []struct{ host, what, detail string }{
			{box.Host(), "the Key Vault can't be reached", "mine.vault.azure.net: no answer in time"},
			{"machine.example", machinePurpose.unreachable, "no answer in time"},
		} {
			hangs = tt.host
			begun := time.Now()
			e := failing(t, source)
			if took := time.Since(begun); took != vaultTimeout || e.Configuration() || e.Plain != tt.what || e.Message != tt.detail {
				t.Errorf("%s: %s after %v", e.Plain, e, took)
			}
		}
		hangs = ""
		if _, err := source.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
		hangs = box.Host()
		time.Sleep(time.Hour)
		if _, err := source.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := "client_secret_uri can't be read again: mine.vault.azure.net: no answer in time (check network, DNS, firewall and proxy if it lasts; it is tried again)"; states.String() != want {
			t.Errorf("reported\n%s\nwant\n%s", states.String(), want)
		}
	})
}
