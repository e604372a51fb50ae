package identity

import (
	"bytes"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzCertificate(f *testing.F) {
	files, err := filepath.Glob("testdata/*.p*")
	if err != nil || len(files) == 0 {
		f.Fatal("no testdata", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "made-up")
		f.Add(data, "")
	}
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"), "")
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		// A PFX names its own number of iterations, and go-pkcs12 obeys.
		if !bytes.Contains(data, []byte("-----BEGIN ")) {
			t.Skip("it may be a PFX, and take hours")
		}
		for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
			if costly(block.Bytes) {
				t.Skip("its key takes hours to derive")
			}
		}
		certificates, key, err := parseCertificate(data, password)
		if err != nil {
			if password != "" && len(password) > 6 && strings.Contains(err.Error(), password) {
				t.Errorf("error holds the password: %v", err)
			}
			return
		}
		if !key.PublicKey.Equal(certificates[0].PublicKey) {
			t.Error("the first certificate is not that of the key")
		}
	})
}

// costly reports keys that take long to derive, which is no failure.
func costly(der []byte) bool {
	var key encryptedKey
	var parameters pbes2
	var kdf derivation
	if _, err := asn1.Unmarshal(der, &key); err != nil {
		return false
	}
	if _, err := asn1.Unmarshal(key.Algorithm.Parameters.FullBytes, &parameters); err != nil {
		return false
	}
	_, err := asn1.Unmarshal(parameters.Derivation.Parameters.FullBytes, &kdf)
	return err == nil && kdf.Iterations > 10_000
}

func FuzzPKCS8(f *testing.F) {
	for _, name := range []string{"testdata/req.pem", "testdata/pkcs8.pem"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
			f.Add(block.Bytes)
		}
	}
	f.Fuzz(func(_ *testing.T, der []byte) {
		if !costly(der) {
			_, _ = decryptPKCS8(der, "made-up") // must not panic
		}
	})
}

func FuzzRefusal(f *testing.F) {
	f.Add(401, []byte(`{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Ensure\r\nTrace ID: 1","error_codes":[7000215]}`))
	f.Add(400, []byte(`{"error_description":"AADSTS700027: x [Reason - The key was not found., y]"}`))
	f.Add(500, []byte("<html>"))
	f.Add(400, []byte(`{"message":"\u2028eyJhbGciOi.eyJhdWQi.c2ln"}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		text := (&requester{}).refused(credential{}, &recorder{host: "login.example.com", status: status, body: body}).Error()
		if text == "" || strings.ContainsAny(text, "\r\n\x00") || len(text) > 1000 {
			t.Errorf("error %q", text)
		}
	})
}
