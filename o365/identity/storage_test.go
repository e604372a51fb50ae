package identity

import (
	"crypto/x509"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

const (
	storageTenant = "aaaaaaaa-1111-4111-8111-111111111111" // another than that of the directory
	storageClient = "bbbbbbbb-2222-4222-8222-222222222222"
	accessKey     = "bm90IHRoZSBrZXkgb2YgYW55IHN0b3JhZ2UgYWNjb3VudCBhdCBhbGw="
	signature     = "sv=2025-11-05&se=2027-01-01T00%3A00%3A00Z&sr=c&sp=rcwdl&sig=c2lnbmVkIGJ5IG5vYm9keQ%3D%3D"
)

// newAccount is a directory for storage accounts, with an application and a machine.
func newAccount(t *testing.T) (*directory, StorageSettings) {
	t.Helper()
	noEnvironment(t)
	d := newDirectory(t, login.App{})
	p := firstPair()
	d.AddApp(login.App{
		ClientID: storageClient, Secret: secret, Certificates: []*x509.Certificate{p.certificate},
		Federated: []login.Federation{{Issuer: issuer, Subject: subject, Key: &p.key.PublicKey}},
	}, storageTenant)
	d.AddIdentity(login.Identity{TenantID: storageTenant, ClientID: systemID, System: true})
	d.AddResource(storageAudience)
	t.Setenv("AZURE_AUTHORITY_HOST", d.server.URL+"/")
	t.Setenv("IDENTITY_ENDPOINT", d.server.URL+login.AppServicePath)
	t.Setenv("IDENTITY_HEADER", d.IdentityHeader())
	return d, StorageSettings{Host: "mine.blob.core.windows.net", HTTP: d.server.Client()}
}

func TestStorageToken(t *testing.T) {
	for _, tt := range []struct {
		name    string
		arrange func(t *testing.T, s *StorageSettings)
		want    Method
		client  string
	}{
		{"nothing", func(*testing.T, *StorageSettings) {}, ManagedIdentity, systemID},
		{"managed identity", func(_ *testing.T, s *StorageSettings) { s.Method = ManagedIdentity }, ManagedIdentity, systemID},
		{"client secret", func(t *testing.T, s *StorageSettings) {
			s.TenantID, s.ClientID, s.ClientSecretFile = storageTenant, storageClient, keep(t, "secret", []byte(secret))
		}, ClientSecret, storageClient},
		{"certificate", func(t *testing.T, s *StorageSettings) {
			s.TenantID, s.ClientID, s.CertificateFile = storageTenant, storageClient, keep(t, "app.pem", firstPair().pem())
		}, Certificate, storageClient},
		{"workload identity", func(t *testing.T, _ *StorageSettings) {
			t.Setenv(federatedTenantID, storageTenant)
			t.Setenv(federatedClientID, storageClient)
			t.Setenv(federatedTokenFile, keep(t, "token", assertion(t, firstPair(), issuer, subject, "api://AzureADTokenExchange", time.Now().Add(time.Hour))))
		}, WorkloadIdentity, storageClient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, s := newAccount(t)
			tt.arrange(t, &s)
			account, err := NewStorage(s)
			if err != nil {
				t.Fatal(err)
			}
			if account.Method != tt.want || account.SharedKey != nil || account.SAS != nil {
				t.Errorf("%+v", account)
			}
			scope := policy.TokenRequestOptions{Scopes: []string{storageAudience + "/.default"}}
			token, err := account.Token.GetToken(t.Context(), scope)
			if err != nil {
				t.Fatal(err)
			}
			claims, err := d.Verify(token.Token)
			if err != nil || claims.Audience != storageAudience || claims.TenantID != storageTenant || claims.ClientID != tt.client || claims.Expires.Sub(token.ExpiresOn).Abs() > 30*time.Minute {
				t.Errorf("token %+v until %v, %v", claims, token.ExpiresOn, err)
			}
			if again, err := account.Token.GetToken(t.Context(), scope); err != nil || again.Token != token.Token {
				t.Errorf("the token is not kept: %v", err)
			}
			scope.Claims = `{"access_token":{}}`
			if again, err := account.Token.GetToken(t.Context(), scope); err != nil || again.Token == token.Token {
				t.Errorf("the refused token came again: %v", err)
			}
			_, err = account.Token.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://example.com/.default"}})
			if !errors.Is(err, errOtherAudience) {
				t.Errorf("token for another service: %v", err)
			}
		})
	}
}

// A key and a signature come from their files, whatever was there before.
func TestStorageFiles(t *testing.T) {
	const next = "YW5vdGhlciBrZXk="
	for _, tt := range []struct {
		name          string
		set           func(s *StorageSettings, path string)
		method        Method
		before, after string // in the file
		want          string // of after
	}{
		{"key", func(s *StorageSettings, path string) { s.KeyFile = path }, SharedKey, accessKey + "\n", " " + next + "\r\n", next},
		{"key before a signature", func(s *StorageSettings, path string) { s.KeyFile, s.SASFile = path, "/nowhere" }, SharedKey, accessKey, next, next},
		{"signature", func(s *StorageSettings, path string) { s.SASFile = path }, SAS, signature, "?" + signature + "&x=1\n", signature + "&x=1"},
		{"signature behind a URL", func(s *StorageSettings, path string) { s.SASFile = path }, SAS, signature, "https://mine.blob.core.windows.net/audit?" + signature, signature},
		{"signature by name", func(s *StorageSettings, path string) { s.Method, s.SASFile, s.KeyFile = SAS, path, "/nowhere" }, SAS, signature, signature + "&y=1", signature + "&y=1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := keep(t, "file", []byte(tt.before))
			s := StorageSettings{Secrets: sanitize.NewRedactor()}
			tt.set(&s, path)
			account, err := NewStorage(s)
			if err != nil {
				t.Fatal(err)
			}
			read := account.SharedKey
			if read == nil {
				read = account.SAS
			}
			if account.Method != tt.method || account.Token != nil || account.SharedKey != nil && account.SAS != nil {
				t.Errorf("%+v", account)
			}
			replace(t, path, []byte(tt.after))
			if value, err := read(); err != nil || value.Reveal() != tt.want {
				t.Errorf("%q, %v", value.Reveal(), err)
			}
			for _, secret := range []string{tt.want, "c2lnbmVkIGJ5IG5vYm9keQ==", "c2lnbmVkIGJ5IG5vYm9keQ%3D%3D"} {
				if text := s.Secrets.Text("it is "+secret, 300); strings.Contains(tt.want, secret) && strings.Contains(text, secret) {
					t.Errorf("shown: %s", text)
				}
			}
		})
	}
}

func TestNewStorageRefuses(t *testing.T) {
	noEnvironment(t)
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		replace(t, path, []byte(text))
		return path
	}
	value := file("secret", secret)
	for _, tt := range []struct {
		name     string
		settings StorageSettings
		want     string
	}{
		{"no key", StorageSettings{Method: SharedKey}, "storage_auth shared_key: storage_key_file is missing (is the variable empty?)"},
		{"no signature", StorageSettings{Method: SAS}, "storage_auth sas: storage_sas_file is missing (is the variable empty?)"},
		{"no such file", StorageSettings{KeyFile: folder + "/no"}, `storage_key_file "FOLDER/no": no such file or directory`},
		{"empty file", StorageSettings{SASFile: file("empty", "\n")}, `storage_sas_file "FOLDER/empty": file is empty`},
		{"key in quotes", StorageSettings{KeyFile: file("quotes", `"`+accessKey+`"`)},
			`storage_key_file "FOLDER/quotes": is no access key: it is text in base64, as the portal shows it`},
		{"connection string without a key", StorageSettings{KeyFile: file("string", "BlobEndpoint=https://mine.blob.core.windows.net;AccountName=mine;SharedAccessSignature=sv=1")},
			`storage_key_file "FOLDER/string": is a connection string without an AccountKey`},
		{"key in place of a signature", StorageSettings{SASFile: file("key", accessKey)},
			`storage_sas_file "FOLDER/key": is no shared access signature: it has parameters sv, se, sp and sig, joined by &`},
		{"no tenant", StorageSettings{ClientSecretFile: value}, "storage_auth client_secret: storage_tenant_id is missing (is the variable empty?)"},
		{"no client", StorageSettings{TenantID: storageTenant, ClientSecretFile: value}, "storage_auth client_secret: storage_client_id is missing (is the variable empty?)"},
		{"no secret", StorageSettings{Method: ClientSecret}, "storage_auth client_secret: storage_client_secret_file is missing (is the variable empty?)"},
		{"no certificate", StorageSettings{Method: Certificate}, "storage_auth certificate: storage_certificate_file is missing (is the variable empty?)"},
		{"no secret file", StorageSettings{TenantID: storageTenant, ClientID: storageClient, ClientSecretFile: folder + "/no"},
			`storage_client_secret_file "FOLDER/no": no such file or directory`},
		{"certificate with a password", StorageSettings{TenantID: storageTenant, ClientID: storageClient, CertificateFile: "testdata/openssl3.pfx"},
			`storage_certificate_file "testdata/openssl3.pfx": is protected: export it without a password`},
		{"no workload", StorageSettings{Method: WorkloadIdentity}, "storage_auth workload_identity: environment variable AZURE_FEDERATED_TOKEN_FILE is missing (is the variable empty?)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewStorage(tt.settings)
			if want := strings.ReplaceAll(tt.want, "FOLDER", folder); err == nil || err.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", err, want)
			}
		})
	}
}

// What the login service refuses names the options of the storage account.
func TestStorageRefused(t *testing.T) {
	for _, tt := range []struct {
		name     string
		arrange  func(d *directory, s *StorageSettings)
		what, do string
	}{
		{"wrong secret", func(d *directory, _ *StorageSettings) { d.SetSecret(storageClient, "another") },
			"the client secret is wrong", "storage_client_secret_file wants the secret's Value, not its Secret ID"},
		{"unknown tenant", func(_ *directory, s *StorageSettings) { s.TenantID = "cccccccc-1111-4111-8111-111111111111" },
			"there is no such tenant in this cloud", "check storage_tenant_id"},
		{"unknown app", func(_ *directory, s *StorageSettings) { s.ClientID = clientID }, "the tenant does not know the app",
			"check storage_client_id and storage_tenant_id; a multi-tenant app needs an administrator's consent in every tenant"},
		{"away", func(d *directory, _ *StorageSettings) { d.FailNext(9, login.Failure{Status: 503}) },
			"the login service of the storage account can't be reached", "check network, DNS, firewall and proxy if it lasts; it is tried again"},
		{"no identity", func(_ *directory, s *StorageSettings) { *s = StorageSettings{ClientID: clientID, HTTP: s.HTTP} },
			"signing in with the managed identity of this machine fails",
			"storage_auth is auto and no secret or certificate is set, or a variable in it is empty: set storage_client_secret_file, storage_certificate_file, storage_key_file or storage_sas_file, or assign a managed identity to this machine"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, s := newAccount(t)
			s.TenantID, s.ClientID, s.ClientSecretFile = storageTenant, storageClient, keep(t, "secret", []byte(secret))
			tt.arrange(d, &s)
			account, err := NewStorage(s)
			if err != nil {
				t.Fatal(err)
			}
			source := account.Token.(*Source)
			source.requester.retryPause = time.Millisecond
			if what, do, _ := failing(t, source).Explain(); what != tt.what || do != tt.do {
				t.Errorf("explained\n%s\n%s\nwant\n%s\n%s", what, do, tt.what, tt.do)
			}
		})
	}
}

// TestStorageCloud: the address of the account tells which login service is asked.
func TestStorageCloud(t *testing.T) {
	noEnvironment(t)
	for host, want := range map[string]string{
		"mine.blob.core.windows.net": world, "mine.blob.core.usgovcloudapi.net": government, "archive.example": world,
	} {
		if got := (StorageSettings{Host: host}).source(ClientSecret); got.AuthorityHost != want || got.CustomAuthority {
			t.Errorf("%s: %+v", host, got)
		}
	}
	for host, custom := range map[string]bool{government + "/": false, "https://login.example": true} {
		t.Setenv("AZURE_AUTHORITY_HOST", host)
		if got := (StorageSettings{Host: "mine.blob.core.windows.net"}).source(ClientSecret); got.AuthorityHost != strings.TrimRight(host, "/") || got.CustomAuthority != custom {
			t.Errorf("%s: %+v", host, got)
		}
	}
}

// The key may stand in a connection string, as the portal and Azurite's page show it.
func TestKeyInAConnectionString(t *testing.T) {
	for _, text := range []string{
		accessKey,
		"DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=" + accessKey + ";EndpointSuffix=core.windows.net",
		"AccountKey=" + accessKey + ";AccountName=mine;BlobEndpoint=http://127.0.0.1:10000/mine;",
	} {
		if key, err := checkKey([]byte(text)); key != accessKey || err != nil {
			t.Errorf("%q: %q, %v", text, key, err)
		}
	}
	for _, text := range []string{"AccountName=mine", "AccountName=mine;AccountKey=", "XAccountKey=" + accessKey} {
		if key, err := checkKey([]byte(text)); err == nil {
			t.Errorf("%q: %q", text, key)
		}
	}
}
