package identity

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

const (
	tenantID = "11111111-1111-4111-8111-111111111111"
	clientID = "22222222-2222-4222-8222-222222222222"
	audience = "https://manage.office.com"
	secret   = "s3cr3t~Value.of-the-app"
)

// A directory is a login service over TLS with one tenant and one application.
type directory struct {
	*login.Service
	server *httptest.Server
}

func newDirectory(t *testing.T, app login.App) *directory {
	t.Helper()
	d := &directory{Service: login.New(login.Options{Seed: 1, Key: firstPair().key})}
	app.ClientID = clientID
	d.AddApp(app, tenantID)
	d.server = httptest.NewUnstartedServer(d)
	d.server.Config.ErrorLog = log.New(io.Discard, "", 0) // tests end connections in every way
	d.server.StartTLS()
	t.Cleanup(d.server.Close)
	return d
}

// settings are enough but for what the method needs.
func (d *directory) settings() Settings {
	return Settings{
		TenantID: tenantID, ClientID: clientID, Audience: audience,
		AuthorityHost: d.server.URL, CustomAuthority: true, HTTP: d.server.Client(),
	}
}

// check fails unless the source gives a token that the service knows.
func (d *directory) check(t *testing.T, s *Source) string {
	t.Helper()
	token, err := s.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	claims, err := d.Verify(token)
	if err != nil {
		t.Fatal(err)
	}
	if claims.TenantID != tenantID || claims.Audience != audience {
		t.Errorf("token for %s in %s", claims.Audience, claims.TenantID)
	}
	return token
}

// open returns a source that does not wait before the retry of a request.
func open(t *testing.T, s Settings) *Source {
	t.Helper()
	source, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	source.requester.retryPause = time.Millisecond
	return source
}

// keep writes a file and gives its path.
func keep(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	replace(t, path, data)
	return path
}

func replace(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// lines collects the errors given to OnFallback.
type lines struct {
	mu   sync.Mutex
	text []string
}

func (l *lines) add(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.text = append(l.text, err.Error())
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.text, "\n")
}

// A pair is a certificate with its key.
type pair struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

// Keys cost a moment to make, so all tests share two.
var (
	firstPair  = sync.OnceValue(func() pair { return newPair(1, nil) })
	secondPair = sync.OnceValue(func() pair { return newPair(2, nil) })
)

// newPair makes a certificate; without a parent it signs itself.
func newPair(serial int64, parent *pair) pair {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: fmt.Sprint("made-up ", serial)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	issuer, signer := template, key
	if parent != nil {
		issuer, signer = parent.certificate, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, signer)
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return pair{certificate, key}
}

// pem is the certificate and its key (PKCS #8) in one file.
func (p pair) pem() []byte { return concat(certificatePEM(p.certificate), p.pkcs8()) }

func (p pair) pkcs8() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func (p pair) pkcs1() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(p.key)})
}

func certificatePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
