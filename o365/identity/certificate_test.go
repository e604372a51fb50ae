package identity

import (
	"bytes"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

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

// Padding that the right password never leaves is a wrong password, whatever it says.
func TestUnpad(t *testing.T) {
	for _, tt := range []struct{ plain, want string }{
		{"twelve bytes\x04\x04\x04\x04", "twelve bytes"},
		{"fifteen bytes..\x01", "fifteen bytes.."},
		{strings.Repeat("\x10", 16), ""},
		{"twelve bytes\x04\x04\x05\x04", "wrong"},
		{"fifteen bytes..\x00", "wrong"},
		{strings.Repeat("\x11", 32), "wrong"}, // more than a block
		{"fifteen bytes..\xff", "wrong"},
	} {
		got, err := unpad([]byte(tt.plain), 16)
		if wrong := errors.Is(err, errWrongPassword); wrong != (tt.want == "wrong") || !wrong && string(got) != tt.want {
			t.Errorf("%q: %q, %v", tt.plain, got, err)
		}
	}
}

// The certificate of the key comes first, wherever it stands in the file: its expiry is
// reported, and its thumbprint.
func TestCertificateOfTheKeyFirst(t *testing.T) {
	root := secondPair()
	issuer := newPair(6, &root)
	leaf := newPair(7, &issuer)
	all := [][]byte{certificatePEM(root.certificate), certificatePEM(issuer.certificate), certificatePEM(leaf.certificate)}
	for _, order := range [][]int{{2, 1, 0}, {0, 1, 2}, {1, 2, 0}} {
		file := leaf.pkcs8()
		for _, n := range order {
			file = concat(file, all[n])
		}
		certificates, _, err := parseCertificate(file, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(certificates) != len(all) || !certificates[0].Equal(leaf.certificate) {
			t.Errorf("order %v: the first of %d is %v", order, len(certificates), certificates[0].SerialNumber)
		}
		for _, c := range []*x509.Certificate{issuer.certificate, root.certificate} {
			if !slices.ContainsFunc(certificates, c.Equal) {
				t.Errorf("order %v: %v is missing", order, c.SerialNumber)
			}
		}
	}
}
