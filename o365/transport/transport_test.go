package transport

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// A server is trusted once its certificate is in ca_file, and not before.
func TestCAFile(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	trusted := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(trusted, block, 0o600); err != nil {
		t.Fatal(err)
	}
	for file, ok := range map[string]bool{"": false, trusted: true} {
		transport, err := New(Options{CAFile: file, Requests: 1, Tenants: 1})
		if err != nil {
			t.Fatal(err)
		}
		transport.Proxy = nil
		resp, err := transport.RoundTrip(httptest.NewRequest(http.MethodGet, server.URL, nil))
		if err == nil {
			resp.Body.Close()
		}
		if (err == nil) != ok {
			t.Errorf("ca_file %q: %v", file, err)
		}
		transport.CloseIdleConnections()
	}
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
