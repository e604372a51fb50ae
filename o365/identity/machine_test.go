package identity

import (
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/vault"
)

const readerID = "99999999-9999-4999-8999-999999999999"

// withoutEndpoint lets the machine have no managed identity.
func (v *vaulted) withoutEndpoint(t *testing.T) {
	t.Helper()
	t.Setenv("IDENTITY_ENDPOINT", "")
	t.Setenv("IDENTITY_HEADER", "")
	next := v.client.Transport
	v.client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "169.254.169.254" {
			return nil, errors.New("connection refused")
		}
		return next.RoundTrip(r)
	})
}

// azure puts an az on PATH that is logged in as an application which may read the vault.
func (v *vaulted) azure(t *testing.T) {
	t.Helper()
	v.AddApp(login.App{ClientID: readerID}, tenantID)
	v.vault.Allow(readerID)
	token, err := v.Issue(tenantID, readerID, vault.Resource)
	if err != nil {
		t.Fatal(err)
	}
	cliScript(t, `echo '{"accessToken": "`+token+`", "expiresOn": "2096-01-02 03:04:05.000000", "expires_on": 3976671845, "tokenType": "Bearer"}'`)
}

// federated gives the pod a workload identity that may read the vault.
func (v *vaulted) federated(t *testing.T) {
	t.Helper()
	v.vault.Deny()
	v.vault.Allow(readerID)
	p := firstPair()
	v.AddApp(login.App{ClientID: readerID, Federated: []login.Federation{{Issuer: issuer, Subject: subject, Key: &p.key.PublicKey}}}, tenantID)
	token := assertion(t, p, issuer, subject, "api://AzureADTokenExchange", time.Now().Add(time.Hour))
	t.Setenv(federatedTokenFile, keep(t, "token", token))
	t.Setenv(federatedClientID, readerID)
	t.Setenv("AZURE_AUTHORITY_HOST", v.directory.server.URL)
}

// The vault is read with the identity that the machine has.
func TestMachineIdentity(t *testing.T) {
	for _, tt := range []struct {
		name    string
		arrange func(t *testing.T, v *vaulted)
	}{
		{"managed identity", func(*testing.T, *vaulted) {}},
		{"user-assigned managed identity", func(t *testing.T, v *vaulted) {
			v.vault.Deny()
			v.vault.Allow(assignedID)
			t.Setenv(federatedClientID, assignedID)
		}},
		{"workload identity before managed identity", func(t *testing.T, v *vaulted) { v.federated(t) }},
		{"Azure CLI", func(t *testing.T, v *vaulted) {
			v.azure(t)
			v.withoutEndpoint(t)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVaulted(t, login.App{Secret: secret})
			v.vault.Put(entry, vault.Secret{Value: secret})
			tt.arrange(t, v)
			source, _ := v.open(t, v.settings())
			v.check(t, source)
		})
	}
}

// A pod's tenant may be another than the audited one.
func TestMachineIdentityOfAnotherTenant(t *testing.T) {
	v := newVaulted(t, login.App{Secret: secret})
	v.vault.Put(entry, vault.Secret{Value: secret})
	v.AddApp(login.App{ClientID: clientID, Secret: secret}, storageTenant)
	v.federated(t)
	t.Setenv(federatedTenantID, tenantID)
	s := v.settings()
	s.TenantID = storageTenant
	source, _ := v.open(t, s)
	if _, err := source.Token(t.Context()); err != nil {
		t.Error(err)
	}
}

// What is wrong with that identity.
func TestMachineIdentityTrouble(t *testing.T) {
	for _, tt := range []struct {
		name             string
		arrange          func(t *testing.T, v *vaulted)
		what, do, detail string
		configuration    bool
	}{
		{"none", func(t *testing.T, v *vaulted) {
			v.withoutEndpoint(t)
			t.Setenv("PATH", t.TempDir())
		}, "this machine has no identity that could read the Key Vault", "run where Azure provides a managed identity, or log in with the Azure CLI",
			"no managed identity endpoint answers at 169.254.169.254", false},
		{"nobody logged in", func(t *testing.T, v *vaulted) {
			v.withoutEndpoint(t)
			cliScript(t, "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1")
		}, "the identity of this machine, which reads the Key Vault, can't log in", azLogin, "Please run 'az login' to setup account", true},
		{"unknown user-assigned identity", func(t *testing.T, _ *vaulted) { t.Setenv(federatedClientID, readerID) },
			"the identity of this machine, which reads the Key Vault, can't log in",
			"assign a managed identity to this machine, and name a user-assigned one in the environment variable AZURE_CLIENT_ID", "", true},
		{"federated credential of another pod", func(t *testing.T, v *vaulted) {
			v.federated(t)
			replace(t, os.Getenv(federatedTokenFile), assertion(t, firstPair(), issuer, "system:serviceaccount:other:other", "api://AzureADTokenExchange", time.Now().Add(time.Hour)))
		}, "the federated credential's subject does not match", federation, "", true},
		{"login service away", func(_ *testing.T, v *vaulted) { v.FailNext(2, login.Failure{Status: 503}) },
			"the login service for the identity of this machine, which reads the Key Vault, can't be reached",
			"check network, DNS, firewall and proxy if it lasts; it is tried again", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := newVaulted(t, login.App{Secret: secret})
			v.vault.Put(entry, vault.Secret{Value: secret})
			tt.arrange(t, v)
			source, _ := v.open(t, v.settings())
			e := failing(t, source)
			what, do, detail := e.Explain()
			if what != tt.what || do != tt.do || tt.detail != "" && detail != tt.detail || e.Configuration() != tt.configuration {
				t.Errorf("explained %v\n%s\n%s\n%s\nwant\n%s\n%s\n%s", e.Configuration(), what, do, detail, tt.what, tt.do, tt.detail)
			}
		})
	}
}

// A vault in another cloud than the machine: its login service does not know it.
func TestVaultOfAnotherCloud(t *testing.T) {
	v := newVaulted(t, login.App{Secret: secret})
	s := v.settings()
	s.ClientSecretURI = "https://mine.vault.usgovcloudapi.net/secrets/o365"
	next := v.client.Transport
	v.client.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host != "mine.vault.usgovcloudapi.net" {
			return next.RoundTrip(r)
		}
		resp, err := answers(401, "")()
		resp.Request = r
		resp.Header.Set("WWW-Authenticate", `Bearer authorization="https://login.microsoftonline.us/`+tenantID+`", resource="https://vault.usgovcloudapi.net"`)
		return resp, err
	})
	source, _ := v.open(t, s)
	e := failing(t, source)
	if e.Plain != "the login service of this machine does not know Key Vaults at such addresses" ||
		e.Remedy != "use a vault in the cloud of this machine: client_secret_uri names one in another" {
		t.Errorf("%s: %s", e.Plain, e)
	}
}

// What the environment lacks is known at the start.
func TestMachineIdentityRefused(t *testing.T) {
	v := newVaulted(t, login.App{Secret: secret})
	t.Setenv(federatedTokenFile, "/nowhere/token")
	_, err := New(v.settings())
	if err == nil || err.Error() != "client_secret_uri: auth workload_identity: environment variable AZURE_CLIENT_ID is missing (is the variable empty?)" {
		t.Errorf("error %v", err)
	}
	t.Setenv(federatedClientID, readerID)
	_, err = New(v.settings())
	if err == nil || err.Error() != `client_secret_uri: AZURE_FEDERATED_TOKEN_FILE "/nowhere/token": no such file or directory` {
		t.Errorf("error %v", err)
	}
}
