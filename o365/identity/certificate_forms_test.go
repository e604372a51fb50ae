package identity

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"unicode/utf16"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

const bom = "\ufeff"

// inUTF16 is text as PowerShell's > writes it.
func inUTF16(text []byte, bigEndian, mark bool) []byte {
	units := utf16.Encode([]rune(string(text)))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	var b []byte
	for _, u := range units {
		if bigEndian {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}

func wrapped(text string, width int) (lines string) {
	for ; len(text) > width; text = text[width:] {
		lines += text[:width] + "\r\n"
	}
	return lines + text + "\r\n"
}

// Reports: azure-docs#85465, openssl/openssl#6281, smallstep/cli#1042. What
// editors, Key Vault and the tools of Windows write is read.
func TestCertificateForms(t *testing.T) {
	one, issuer := firstPair(), secondPair()
	leaf := newPair(5, &issuer)
	encode := func(p pair, password string, chain ...*x509.Certificate) []byte {
		data, err := pkcs12.LegacyDES.Encode(p.key, p.certificate, chain, password) // as Key Vault does
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	quoted := func(data []byte) []byte {
		text, err := json.Marshal(string(data))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	text := string(one.pem())
	vault := base64.StdEncoding.EncodeToString(encode(one, ""))
	flat := strings.ReplaceAll(text, "\n", " ")
	for _, tt := range []struct {
		name, password string
		file           []byte
		pair           pair
	}{
		{"PEM with a BOM", "", []byte(bom + text), one},
		{"PEM with a BOM on each part", "", []byte(bom + string(certificatePEM(one.certificate)) + bom + string(one.pkcs8())), one},
		{"PEM with CRLF", "", []byte(strings.ReplaceAll(text, "\n", "\r\n")), one},
		{"PEM with CRLF and a BOM", "", []byte(bom + strings.ReplaceAll(text, "\n", "\r\n")), one},
		{"PEM with CR", "", []byte(strings.ReplaceAll(text, "\n", "\r")), one},
		{"PEM, indented", "", []byte("  " + strings.ReplaceAll(text, "\n", "\n  ")), one},
		{"PEM in one line", "", []byte(flat), one},
		{"PEM with \\n for newlines", "", []byte(strings.ReplaceAll(text, "\n", `\n`)), one},
		{"PEM as a JSON string", "", quoted([]byte(text)), one},
		{"PEM in base64", "", []byte(base64.StdEncoding.EncodeToString([]byte(text))), one},
		{"PEM, key first and chain", "", concat(leaf.pkcs8(), certificatePEM(issuer.certificate), certificatePEM(leaf.certificate)), leaf},
		{"PFX in base64", "", []byte(vault), one},
		{"PFX in base64 with a newline and a BOM", "", []byte(bom + vault + "\r\n"), one},
		{"PFX in base64, wrapped", "", []byte(wrapped(vault, 64)), one},
		{"PFX in base64 without padding", "", []byte(strings.TrimRight(vault, "=")), one},
		{"PFX in base64url", "", []byte(base64.URLEncoding.EncodeToString(encode(one, ""))), one},
		{"PFX in base64 as a JSON string", "", quoted([]byte(vault)), one},
		{"PFX in base64 with a password", "made-up", []byte(base64.StdEncoding.EncodeToString(encode(one, "made-up"))), one},
		{"PFX without a password, which is set", "needless", []byte(vault), one},
		{"PFX in base64 with a chain", "", []byte(base64.StdEncoding.EncodeToString(encode(leaf, "", issuer.certificate))), leaf},
		{"PFX encoded by certutil", "made-up", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: encode(one, "made-up")}), one},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDirectory(t, login.App{Certificates: []*x509.Certificate{tt.pair.certificate}})
			s := d.settings()
			s.CertificateFile, s.CertificatePassword = keep(t, "certificate", tt.file), option.Secret(tt.password)
			d.check(t, open(t, s))
		})
	}
}

// Of what cannot be used, the error names the form and what to do.
func TestCertificateFormsRefused(t *testing.T) {
	one := firstPair()
	pfx, err := pkcs12.Modern2023.Encode(one.key, one.certificate, nil, "made-up")
	if err != nil {
		t.Fatal(err)
	}
	p7b := []byte{0x30, 15, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2, 0xa0, 2, 0x30, 0}
	der, err := x509.MarshalPKCS8PrivateKey(one.key)
	if err != nil {
		t.Fatal(err)
	}
	const (
		utf16   = "is text in UTF-16: save it as UTF-8 (PowerShell: Set-Content -Encoding utf8; Notepad: Save as, Encoding)"
		noKey   = "no private key in file: certificate and key belong into one file"
		neither = "is neither PEM nor PFX nor one of them in base64"
		bundle  = "is PKCS #7 (.p7b), which holds no private key: export the certificate with its key as PFX"
	)
	for _, tt := range []struct {
		name, password string
		file           []byte
		want           string
	}{
		{"UTF-16 with a BOM", "", inUTF16(one.pem(), false, true), utf16},
		{"UTF-16, big-endian", "", inUTF16(one.pem(), true, true), utf16},
		{"UTF-16 without a BOM", "", inUTF16(one.pem(), false, false), utf16},
		{"UTF-16, big-endian without a BOM", "", inUTF16(one.pem(), true, false), utf16},
		{"base64 in UTF-16", "", inUTF16([]byte(base64.StdEncoding.EncodeToString(pfx)), false, true), utf16},
		{"UTF-32", "", append([]byte{0xff, 0xfe, 0, 0}, '-', 0, 0, 0), strings.ReplaceAll(utf16, "UTF-16", "UTF-32")},
		{"certificate in DER", "", one.certificate.Raw, noKey},
		{"certificate in base64", "", []byte(base64.StdEncoding.EncodeToString(one.certificate.Raw)), noKey},
		{"key in DER", "", der, "no certificate in file"},
		{"PKCS #7", "", p7b, bundle},
		{"PKCS #7 in base64", "", []byte(base64.StdEncoding.EncodeToString(p7b)), bundle},
		{"PKCS #7 in PEM", "", pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: p7b}), bundle},
		{"PFX, cut off", "made-up", pfx[:len(pfx)-200], "PFX file is damaged or cut off"},
		{"PEM, cut off", "", one.pem()[:700], "a PEM block is damaged or cut off"},
		{"text", "", []byte("hello"), neither},
		{"empty but for a BOM", "", []byte(bom), "file is empty"},
		{"empty", "", nil, "file is empty"},
		{"noise", "", bytes.Repeat([]byte{0x80, 0xfe}, 50), neither},
		{"web page", "", []byte("<!DOCTYPE html><html></html>"), neither},
		{"PFX, password with quotes", `"made-up"`, pfx, "certificate_password is wrong (it has quotes around it)"},
		{"PFX, password with a blank", "made-up ", pfx, "certificate_password is wrong (it has a blank at its end)"},
		{"PFX, password missing", "", pfx, "is protected: certificate_password is missing (is the variable empty?)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := complete()
			s.Method, s.CertificatePassword, s.CertificateFile = Certificate, option.Secret(tt.password), keep(t, "certificate", tt.file)
			_, err := New(s)
			if want := `certificate_file "` + s.CertificateFile + `": ` + tt.want; err == nil || err.Error() != want {
				t.Errorf("error\n%v\nwant\n%s", err, want)
			}
		})
	}
}

// The forms of an encrypted key.
func TestEncryptedKeyForms(t *testing.T) {
	for _, name := range []string{"req.pem", "pkcs8.pem"} {
		c, err := readFile(option.CertificateFile, "testdata/"+name)
		if err != nil {
			t.Fatal(err)
		}
		for form, data := range map[string][]byte{
			"BOM": []byte(bom + string(c.raw)), "CRLF": bytes.ReplaceAll(c.raw, []byte("\n"), []byte("\r\n")),
			"base64": []byte(base64.StdEncoding.EncodeToString(c.raw)),
		} {
			s := complete()
			s.CertificateFile, s.CertificatePassword = keep(t, name, data), "made-up"
			if _, err := New(s); err != nil {
				t.Errorf("%s, %s: %v", name, form, err)
			}
		}
	}
}
