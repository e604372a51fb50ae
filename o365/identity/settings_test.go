package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"
)

// complete has what every method needs fallbackError its own settings.
func complete() Settings {
	return Settings{TenantID: tenantID, ClientID: clientID, Audience: audience}
}

func noEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{federatedTokenFile, federatedClientID, federatedTenantID, "AZURE_AUTHORITY_HOST", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET", "IMDS_ENDPOINT"} {
		t.Setenv(name, "")
	}
}

// The scope has one slash, however the audience is written.
func TestScope(t *testing.T) {
	for _, given := range []string{audience, audience + "/", audience + "//"} {
		s := complete()
		s.Audience, s.ClientSecret = given, secret
		if got := open(t, s).requester.scope; got != audience+"/.default" {
			t.Errorf("%s: %s", given, got)
		}
	}
}

func TestMethod(t *testing.T) {
	noEnvironment(t)
	folder := t.TempDir()
	pem, value, token := filepath.Join(folder, "c.pem"), filepath.Join(folder, "secret"), filepath.Join(folder, "token")
	replace(t, pem, firstPair().pem())
	replace(t, value, []byte(secret))
	replace(t, token, []byte("assertion"))

	tests := []struct {
		name        string
		change      func(*Settings)
		environment map[string]string
		want        Method
	}{
		{"nothing", func(s *Settings) { s.ClientID = "" }, nil, ManagedIdentity},
		{"only a client id", func(*Settings) {}, nil, ManagedIdentity},
		{"secret", func(s *Settings) { s.ClientSecret = secret }, nil, ClientSecret},
		{"secret file", func(s *Settings) { s.ClientSecretFile = value }, nil, ClientSecret},
		{"certificate", func(s *Settings) { s.CertificateFile = pem }, nil, Certificate},
		{"secret before certificate", func(s *Settings) { s.ClientSecret, s.CertificateFile = secret, pem }, nil, ClientSecret},
		{"federated token", func(*Settings) {}, map[string]string{federatedTokenFile: token}, WorkloadIdentity},
		{"federated token, client id of the pod", func(s *Settings) { s.ClientID = "" },
			map[string]string{federatedTokenFile: token, federatedClientID: clientID}, WorkloadIdentity},
		{"federated token without client id", func(s *Settings) { s.ClientID = "" }, map[string]string{federatedTokenFile: token}, ManagedIdentity},
		{"certificate before federated token", func(s *Settings) { s.CertificateFile = pem }, map[string]string{federatedTokenFile: token}, Certificate},
		{"App Service", func(s *Settings) { s.ClientID = "" }, map[string]string{"IDENTITY_ENDPOINT": "http://localhost", "IDENTITY_HEADER": "x"}, ManagedIdentity},
		{"by name", func(s *Settings) { s.Method, s.ClientSecret = ManagedIdentity, secret }, nil, ManagedIdentity},
		{"a person's login only by name", func(s *Settings) { s.Method = AzureCLI }, nil, AzureCLI},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for k, v := range tt.environment {
				t.Setenv(k, v)
			}
			s := complete()
			s.Method = Auto
			tt.change(&s)
			if got := open(t, s).Method(); got != tt.want {
				t.Errorf("Method = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	noEnvironment(t)
	folder := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(folder, name)
		replace(t, path, data)
		return path
	}
	one, two := firstPair(), secondPair()
	pfx, err := pkcs12.Modern2023.Encode(one.key, one.certificate, nil, "made-up")
	if err != nil {
		t.Fatal(err)
	}
	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(elliptic)
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := os.ReadFile("testdata/req.pem")
	if err != nil {
		t.Fatal(err)
	}
	old := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte{1},
		Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "DES-EDE3-CBC,0011223344556677"}})

	certificate := func(name string, data []byte) func(*Settings) {
		path := file(name, data)
		return func(s *Settings) { s.CertificateFile = path }
	}
	tests := []struct {
		name   string
		change func(*Settings)
		want   string // FOLDER stands for the folder
	}{
		{"unknown method", func(s *Settings) { s.Method = "password" },
			`auth "password": want one of [auto client_secret certificate workload_identity managed_identity azure_cli]`},
		{"no secret", func(s *Settings) { s.Method = ClientSecret }, `auth client_secret: client_secret or client_secret_file is missing (is the variable empty?)`},
		{"two secrets", func(s *Settings) { s.ClientSecret, s.ClientSecretFile = secret, "x" },
			`client_secret: set it or client_secret_file, not both`},
		{"no certificate", func(s *Settings) { s.Method = Certificate }, `auth certificate: certificate_file is missing (is the variable empty?)`},
		{"no federated token", func(s *Settings) { s.Method = WorkloadIdentity },
			`auth workload_identity: environment variable AZURE_FEDERATED_TOKEN_FILE is missing (is the variable empty?)`},
		{"no tenant", func(s *Settings) { s.ClientSecret, s.TenantID = secret, "" }, `auth client_secret: tenant_id is missing (is the variable empty?)`},
		{"strange tenant", func(s *Settings) { s.ClientSecret, s.TenantID = secret, "my tenant" }, `tenant_id "my tenant": want a directory (tenant) GUID`},
		{"no client", func(s *Settings) { s.ClientSecret, s.ClientID = secret, "" }, `auth client_secret: client_id is missing (is the variable empty?)`},
		{"plain http", func(s *Settings) { s.ClientSecret, s.AuthorityHost = secret, "http://login" },
			`authority_host "http://login": want an https URL such as https://login.microsoftonline.com`},
		{"no audience", func(s *Settings) { s.ClientSecret, s.Audience = secret, "manage.office.com" },
			`endpoint "manage.office.com": want a URL such as https://manage.office.com`},

		{"secret file missing", func(s *Settings) { s.ClientSecretFile = filepath.Join(folder, "none") },
			`client_secret_file "FOLDER/none": no such file or directory`},
		{"secret file is a folder", func(s *Settings) { s.ClientSecretFile = folder }, `client_secret_file "FOLDER": is a directory`},
		{"secret file empty", func(s *Settings) { s.ClientSecretFile = file("empty", []byte("\r\n\n")) }, `client_secret_file "FOLDER/empty": file is empty`},
		{"secret file huge", func(s *Settings) { s.ClientSecretFile = file("huge", make([]byte, maxFileBytes+1)) },
			`client_secret_file "FOLDER/huge": file is larger than 1 MiB`},

		{"certificate missing", func(s *Settings) { s.CertificateFile = filepath.Join(folder, "none") },
			`certificate_file "FOLDER/none": no such file or directory`},
		{"certificate without key", certificate("nokey.pem", certificatePEM(one.certificate)),
			`certificate_file "FOLDER/nokey.pem": no private key in file: certificate and key belong into one file`},
		{"key without certificate", certificate("nocert.pem", one.pkcs8()), `certificate_file "FOLDER/nocert.pem": no certificate in file`},
		{"key of another", certificate("other.pem", concat(certificatePEM(one.certificate), two.pkcs8())),
			`certificate_file "FOLDER/other.pem": private key does not belong to the certificate`},
		{"two keys", certificate("two.pem", concat(one.pem(), two.pem())), `certificate_file "FOLDER/two.pem": more than one private key in file`},
		{"elliptic key", certificate("ec.pem", concat(certificatePEM(one.certificate), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))),
			`certificate_file "FOLDER/ec.pem": private key is not RSA, the only kind that Entra ID takes`},
		{"old encryption", certificate("old.pem", old),
			`certificate_file "FOLDER/old.pem": private key is encrypted in the old PEM form: convert it with openssl pkcs8 -topk8`},
		{"encrypted, no password", certificate("enc.pem", encrypted), `certificate_file "FOLDER/enc.pem": is protected: certificate_password is missing (is the variable empty?)`},
		{"encrypted, wrong password", func(s *Settings) {
			s.CertificateFile, s.CertificatePassword = "testdata/req.pem", "wrong"
		}, `certificate_file "testdata/req.pem": certificate_password is wrong`},
		{"PFX, no password", certificate("a.pfx", pfx), `certificate_file "FOLDER/a.pfx": is protected: certificate_password is missing (is the variable empty?)`},
		{"PFX, wrong password", func(s *Settings) { certificate("b.pfx", pfx)(s); s.CertificatePassword = "wrong" },
			`certificate_file "FOLDER/b.pfx": certificate_password is wrong`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := complete()
			tt.change(&s)
			_, err := New(s)
			if err == nil {
				t.Fatal("no error")
			}
			if got := strings.ReplaceAll(err.Error(), folder, "FOLDER"); got != tt.want {
				t.Errorf("error\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
