package identity

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// FuzzVault lets anything answer in place of a Key Vault, without and with a token:
// there is a secret, or one line that does not hold it.
func FuzzVault(f *testing.F) {
	const challenge = `Bearer authorization="https://login.microsoftonline.com/` + tenantID + `", resource="https://vault.azure.net"`
	f.Add(challenge, 200, `{"value":"`+secret+`","attributes":{"exp":1,"nbf":9999999999}}`)
	f.Add(challenge, 200, `{"value":"`+secret+`","contentType":"application/x-pkcs12"}`)
	f.Add(challenge, 200, `{"value":"`+secret)
	f.Add(challenge, 403, `{"error":{"code":"Forbidden","message":"`+secret+"\r\n"+`","innererror":{"code":"ForbiddenByRbac","innererror":{"code":1}}}}`)
	f.Add(challenge, 401, `{"error":[]}`)
	f.Add(`Bearer authorization="http://login.microsoftonline.com/t" resource="https://vault.azure.net"`, 302, "<html>")
	f.Add(`Bearer error="insufficient_claims", claims="e30="`, 500, "")
	f.Fuzz(func(t *testing.T, challenge string, status int, body string) {
		if status < 200 || status > 599 || strings.ContainsAny(challenge, "\r\n\x00") {
			t.Skip("net/http lets no such answer through")
		}
		secrets := sanitize.NewRedactor(secret)
		token := func(*http.Request) (*http.Response, error) {
			return reply(200, "", `{"access_token":"t","expires_on":"9999999999","expires_in":"3600","resource":"x","token_type":"Bearer"}`), nil
		}
		t.Setenv("IDENTITY_ENDPOINT", "https://machine.example/msi/token")
		t.Setenv("IDENTITY_HEADER", "made-up")
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			switch {
			case r.URL.Host == "machine.example":
				return token(r)
			case r.Header.Get("Authorization") == "":
				return reply(401, challenge, ""), nil
			default:
				return reply(status, challenge, body), nil
			}
		})}
		v, err := newVault("client_secret_uri", "https://mine.vault.azure.net/secrets/o365", Settings{HTTP: client, Secrets: secrets})
		if err != nil {
			t.Fatal(err)
		}
		v.retryPause = time.Nanosecond
		c, err := v.read(t.Context())
		if err == nil {
			if len(c.raw) == 0 {
				t.Error("an empty secret")
			}
			return
		}
		text := err.Error()
		var e *Error
		if errors.As(err, &e) {
			what, do, detail := e.Explain()
			text += what + do + detail
		}
		if strings.Contains(text, secret) || strings.ContainsFunc(text, isControl) {
			t.Errorf("not one line without the secret: %q", text)
		}
	})
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func reply(status int, challenge, body string) *http.Response {
	h := http.Header{}
	if challenge != "" {
		h.Set("WWW-Authenticate", challenge)
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: h, Body: io.NopCloser(strings.NewReader(body)), ProtoMajor: 1, ProtoMinor: 1}
}
