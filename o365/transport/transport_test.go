package transport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// A server is trusted once its certificate is in ca_file, in whatever form editors
// and Windows have written it, and not before.
func TestCAFile(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	der := server.Certificate().Raw
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}))
	unreadable := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}))
	const bom = "\ufeff"
	utf16 := "\xff\xfe"
	for _, c := range text {
		utf16 += string(c) + "\x00"
	}
	pfx := "\x30\x14\x02\x01\x03\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x02\x04\x00"
	p7b := "\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x02\x30\x00"
	for _, tt := range []struct{ name, content, err string }{
		{"PEM", text, ""},
		{"PEM with a BOM", bom + text, ""},
		{"PEM with CRLF", strings.ReplaceAll(text, "\n", "\r\n"), ""},
		{"PEM in one line", strings.ReplaceAll(text, "\n", " "), ""},
		{"several, each with a BOM", bom + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root(t)})) + bom + text, ""},
		{"one that Go cannot read", unreadable + text, ""},
		{"PEM with a key", key + text, ""},
		{"DER", string(der), ""},
		{"DER in base64", base64.StdEncoding.EncodeToString(der) + "\r\n", ""},
		{"UTF-16", utf16, "is text in UTF-16: save it as UTF-8 (PowerShell: Set-Content -Encoding utf8; Notepad: Save as, Encoding)"},
		{"PFX", pfx, "is a PFX file: export the certificate without its key, as Base-64 encoded X.509 (.cer)"},
		{"PKCS #7", p7b, "is PKCS #7 (.p7b): export the certificates as Base-64 encoded X.509 (.cer)"},
		{"a key alone", key, "holds no certificate in PEM or DER"},
		{"cut off", text[:300], "a PEM block is damaged or cut off"},
		{"empty", "", "holds no certificate in PEM or DER"},
		{"web page", "<html>", "holds no certificate in PEM or DER"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "ca")
			if err := os.WriteFile(file, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			transport, err := New(Options{CAFile: file, Requests: 1, Tenants: 1})
			if tt.err != "" {
				if want := "ca_file: " + file + ": " + tt.err; err == nil || err.Error() != want {
					t.Errorf("error %v, want %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := call(transport, server.URL); err != nil {
				t.Error(err)
			}
		})
	}
	transport, err := New(Options{Requests: 1, Tenants: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := call(transport, server.URL); err == nil {
		t.Error("the server is trusted without ca_file")
	}
}

// The bounds of a transport go by the requests that can be under way at once.
func TestBounds(t *testing.T) {
	transport, err := New(Options{Requests: 6, Tenants: 4, HandshakeTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if transport.MaxIdleConnsPerHost != 6 || transport.HTTP2.MaxReceiveBufferPerStream != streamBuffer || transport.HTTP2.MaxReceiveBufferPerConnection != 24*streamBuffer ||
		transport.TLSHandshakeTimeout != time.Second || transport.IdleConnTimeout != idleTimeout || transport.TLSClientConfig.MinVersion != tls.VersionTLS12 || !transport.DisableCompression {
		t.Errorf("%+v, %+v", transport, transport.HTTP2)
	}
}

func call(transport *http.Transport, address string) error {
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(httptest.NewRequest(http.MethodGet, address, nil))
	if err == nil {
		resp.Body.Close()
	}
	return err
}

// root is another certificate.
func root(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestProxy(t *testing.T) {
	const secret = "p%40ss-word"
	for proxy, want := range map[option.Secret]string{
		"http://user:" + secret + "@proxy.example:3128": "http://user:" + secret + "@proxy.example:3128",
		"://" + secret: "",
	} {
		transport, err := New(Options{Proxy: proxy, Requests: 1, Tenants: 1})
		if want == "" {
			if err == nil || strings.Contains(err.Error(), secret) || !strings.HasPrefix(err.Error(), "proxy: ") {
				t.Errorf("error %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		u, err := transport.Proxy(httptest.NewRequest(http.MethodGet, "https://manage.office.com/", nil))
		if err != nil || u.String() != want {
			t.Errorf("proxy %v, %v, want %s", u, err, want)
		}
	}
}
