package files

import (
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A byte order mark is no part of what is read, and UTF-16 has a name.
func TestEncoding(t *testing.T) {
	for _, tt := range []struct{ name, data, want, encoding string }{
		{"plain", "text\n", "text\n", ""},
		{"BOM", "\ufefftext", "text", ""},
		{"two BOMs", "\ufeff\ufefftext", "text", ""},
		{"a BOM inside", "te\ufeffxt", "te\ufeffxt", ""},
		{"nothing but a BOM", "\ufeff", "", ""},
		{"empty", "", "", ""},
		{"NUL at the end", "tex\x00", "tex\x00", ""},
		{"NUL in turns, of odd length", "t\x00e\x00x", "t\x00e\x00x", ""},
		{"NUL in turns, too short", "t\x00", "t\x00", ""},
		{"DER", "\x30\x00\x00\x00", "\x30\x00\x00\x00", ""},
		{"Latin 1", "\xe4", "\xe4", ""},
		{"UTF-16", "\xff\xfet\x00", "", "UTF-16"},
		{"UTF-16, big-endian", "\xfe\xff\x00t", "", "UTF-16"},
		{"UTF-16 without a BOM", "t\x00e\x00x\x00", "", "UTF-16"},
		{"UTF-16, big-endian without a BOM", "\x00t\x00e\x00x", "", "UTF-16"},
		{"nothing but a BOM of UTF-16", "\xff\xfe", "", "UTF-16"},
		{"UTF-32", "\xff\xfe\x00\x00t\x00\x00\x00", "", "UTF-32"},
		{"UTF-32, big-endian", "\x00\x00\xfe\xff\x00\x00\x00t", "", "UTF-32"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Read(path, 100)
			var e *EncodingError
			if errors.As(err, &e) != (tt.encoding != "") || e != nil && e.Encoding != tt.encoding || string(got) != tt.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func FuzzBlocks(f *testing.F) {
	known := []string{
		TypeCertificate, TypePrivateKey, "RSA PRIVATE KEY", "EC PRIVATE KEY", TypeEncrypted, TypePFX, TypePKCS7,
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: []byte("made-up")})
	for _, name := range []string{"req.pem", "pkcs8.pem", "openssl3.pfx", "openssl1.pfx"} {
		data, err := os.ReadFile("../identity/testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(append([]byte("\ufeff"), data...))
	}
	for _, seed := range []string{
		"\ufeff" + string(text), "MBQCAQMwDwYJKoZIhvcNAQcBoAIEAA==", `"MBQCAQMwDwYJKoZIhvcNAQcBoAIEAA"`, "\xff\xfe-\x00", "\x30\x84\x01", "\x30\x80",
		`-----BEGIN X-----\nbWFkZS11cA==\n-----END X-----`, " -----BEGIN X----- bWFk ZS11cA== -----END X----- ", "-----BEGIN X-----", "-----BEGIN -----END X-----", "-----END X------BEGIN Y",
		"LS0tLS1CRUdJTiBYLS0tLS0KYldGa1pTMTFjQT09Ci0tLS0tRU5EIFgtLS0tLQo=", `"\"\\\"\\\"\""`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data, err := decode(data)
		if err != nil {
			return
		}
		all, err := Blocks(data)
		if err != nil && all != nil || err != nil && !errors.Is(err, ErrNoBlocks) && !errors.Is(err, ErrBlock) {
			t.Fatalf("%d blocks, %v", len(all), err)
		}
		if err == nil && len(all) == 0 {
			t.Error("neither blocks nor an error")
		}
		for _, b := range all {
			if kind := kindOf(b.Bytes); kind != "" && !slices.Contains(known, kind) {
				t.Errorf("type %q", kind)
			}
		}
	})
}
