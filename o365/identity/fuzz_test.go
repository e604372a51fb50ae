package identity

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/files"
)

func FuzzCertificate(f *testing.F) {
	names, err := filepath.Glob("testdata/*.p*")
	if err != nil || len(names) == 0 {
		f.Fatal("no testdata", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "made-up")
		f.Add(data, "")
	}
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"), "")
	text := firstPair().pem()
	f.Add([]byte(bom+string(text)), "")
	f.Add(bytes.ReplaceAll(text, []byte("\n"), []byte(" ")), "")
	f.Add([]byte(base64.StdEncoding.EncodeToString(text)), "")
	f.Add([]byte(base64.StdEncoding.EncodeToString(firstPair().certificate.Raw)), "")
	f.Add(firstPair().certificate.Raw, "")
	f.Add(inUTF16(text, false, true), "")
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		blocks, err := files.Blocks(data)
		if err != nil {
			t.Skip("no blocks, which FuzzBlocks is about")
		}
		for _, block := range blocks {
			// A PFX names its own number of iterations, and go-pkcs12 obeys.
			if block.Type == files.TypePFX || costly(block.Bytes) {
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

// hostile is a source whose login service answers the request for a configuration
// with one document, and every other with another answer. Whatever it is, requests
// go to the login service only, and what is said of it is a line.
func hostile(t *testing.T, configuration any, status int, location string, body []byte) (token string, err error) {
	t.Helper()
	document, err := json.Marshal(configuration)
	if err != nil {
		t.Skip("no document")
	}
	requests := 0
	source := open(t, Settings{
		TenantID: tenantID, ClientID: clientID, Audience: audience, ClientSecret: secret,
		AuthorityHost: "https://login.example.com", CustomAuthority: true,
		HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			host := strings.TrimSuffix(strings.TrimSuffix(r.URL.Host, ":443"), ":")
			if r.URL.Scheme != "https" || !isASCII(host) || strings.ToLower(strings.TrimSuffix(host, ".")) != "login.example.com" || r.URL.User != nil {
				t.Errorf("%s is asked", r.URL)
			}
			if requests++; requests > 4 {
				t.Fatalf("%d requests", requests)
			}
			resp := &http.Response{StatusCode: status, Header: http.Header{"Location": {location}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}
			if strings.HasSuffix(r.URL.Path, "/openid-configuration") && r.Method == http.MethodGet {
				resp.StatusCode, resp.Body = 200, io.NopCloser(bytes.NewReader(document))
			}
			return resp, nil
		})},
	})
	if token, err = source.Token(t.Context()); err == nil {
		if token == "" {
			t.Error("an empty token")
		}
		return token, nil
	}
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("got %v", err)
	}
	what, do, detail := e.Explain()
	for _, text := range []string{e.Error(), what, do, detail} {
		if text == "" || utf8.RuneCountInString(text) > 1000 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) || strings.Contains(text, secret) {
			t.Errorf("error %q", text)
		}
	}
	return "", err
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

const goodToken = `{"token_type":"Bearer","expires_in":3600,"access_token":"a.b.c"}`

func FuzzTokenEndpoint(f *testing.F) {
	const own = "https://login.example.com/" + tenantID
	for _, s := range []string{
		own + "/oauth2/v2.0/token", "HTTPS://LOGIN.example.com.:443/x", "https://log\u0130n.example.com/", "https://log%C4%B0n.example.com/",
		"http://login.example.com/", "https://u:p@login.example.com/", "https://login.example.com@example.org/", "//login.example.com",
		"https:login.example.com", "/token", "", "https://\u202emoc.example/", "https://login.example.com:444", "https://[::1]/", "mailto:x",
	} {
		f.Add(s, own+"/v2.0", own+"/oauth2/v2.0/authorize")
	}
	f.Add(own, "https://example.org", "\x1b[31m")
	f.Fuzz(func(t *testing.T, endpoint, issuer, authorize string) {
		_, _ = hostile(t, map[string]string{"token_endpoint": endpoint, "issuer": issuer, "authorization_endpoint": authorize}, 200, "", []byte(goodToken))
	})
}

func FuzzTokenAnswer(f *testing.F) {
	const own = "https://login.example.com/" + tenantID
	f.Add(200, "", []byte(goodToken))
	f.Add(200, "", []byte(`{"token_type":"Bearer","expires_in":"9223372036854775808","ext_expires_in":-1,"refresh_in":1e300,"access_token":"a"}`))
	f.Add(200, "", []byte(`{"token_type":"Bearer","expires_in":0,"access_token":""}`))
	f.Add(200, "", []byte("\x1b[7m"+secret))
	f.Add(200, "", []byte(`{"access_token":"`+secret+`","expires_in":{"\u202e":1}}`))
	f.Add(200, "", []byte(`{"error":"x","error_description":"AADSTS7000215: `+secret+`\r\n"}`))
	f.Add(400, "", []byte(`{"error":"invalid_client","error_description":"AADSTS700016: \u001b[7m","error_codes":[700016]}`))
	f.Add(401, "", []byte("<html>"))
	f.Add(302, "https://example.org/\u202e", []byte(nil))
	f.Add(307, own+"/oauth2/v2.0/token", []byte(goodToken))
	f.Fuzz(func(t *testing.T, status int, location string, body []byte) {
		switch status {
		case 408, 429, 500, 502, 503, 504:
			status = 400 // the others are asked for again, after a while
		}
		token, err := hostile(t, map[string]string{
			"token_endpoint": own + "/oauth2/v2.0/token", "issuer": own + "/v2.0", "authorization_endpoint": own + "/oauth2/v2.0/authorize",
		}, status, location, body)
		// Microsoft's library reads the first value, and minds nothing behind it.
		first := json.NewDecoder(bytes.NewReader(body)).Decode(new(json.RawMessage))
		if err == nil && (status < 200 || status > 299 || first != nil) {
			t.Errorf("HTTP %d gives the token %q", status, token)
		}
	})
}
