package identity

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// Reports: formbricks/formbricks#2879, spinnaker/spinnaker#6871. What editors add to
// a secret file is dropped; what may belong to the secret is sent, and named when the
// login refuses it.
func TestSecretFileForms(t *testing.T) {
	const start = "AADSTS7000215: Invalid client secret provided (client_secret wants the secret's Value, not its Secret ID"
	for _, tt := range []struct{ name, content, hint string }{
		{"BOM", bom + secret, ""},
		{"BOM and newline", bom + secret + "\n", ""},
		{"CRLF", secret + "\r\n", ""},
		{"several newlines", secret + "\n\r\n\n", ""},
		{"another value", "another-value", "none"},
		{"double quotes", `"` + secret + `"`, "quotes around it"},
		{"single quotes and a newline", "'" + secret + "'\n", "quotes around it"},
		{"blank at the end", secret + " \n", "a blank at its end"},
		{"tab at the start", "\t" + secret, "a blank at its start"},
		{"quotes and a blank", `"` + secret + `" `, "a blank at its end, quotes around it"},
		{"two lines", secret + "\nanother", "a line break in it"},
		{"a no-break space", secret[:5] + "\u00a0" + secret[5:], "characters in it that are not ASCII"},
		{"Latin 1", secret + "\xe4", "characters in it that are not ASCII"},
		{"NUL", secret + "\x00", "control characters in it"},
		{"a variable", "${SECRET}", "a variable in it that was not replaced"},
	} {
		for _, file := range []bool{true, false} {
			name := tt.name + ", file"
			if !file {
				name = tt.name + ", option"
			}
			t.Run(name, func(t *testing.T) {
				d := newDirectory(t, login.App{Secret: secret})
				s := d.settings()
				from := option.ClientSecret
				if file {
					s.ClientSecretFile = keep(t, "secret", []byte(tt.content))
					from = `client_secret_file "` + s.ClientSecretFile + `"`
				} else {
					v, err := option.Parse(func(key string) string {
						return map[string]string{option.TenantID: tenantID, option.ClientSecret: tt.content}[key]
					})
					if err != nil {
						t.Fatal(err)
					}
					s.ClientSecret = v.Secret(option.ClientSecret)
				}
				if tt.hint == "" {
					d.check(t, open(t, s))
					return
				}
				e := fail(t, s)
				want := start + "; " + from + " has " + tt.hint + ", which is sent too)"
				if tt.hint == "none" {
					want = start + ")"
				}
				if e.Error() != want || strings.Contains(e.Error(), secret) {
					t.Errorf("error\n%s\nwant\n%s", e, want)
				}
			})
		}
	}
}

func TestSecretFileRefused(t *testing.T) {
	const blank = "nothing but quotes or blanks is in it (is the variable empty?)"
	for _, tt := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"UTF-16", inUTF16([]byte(secret+"\r\n"), false, true), "is text in UTF-16: save it as UTF-8 (PowerShell: Set-Content -Encoding utf8; Notepad: Save as, Encoding)"},
		{"UTF-16 without a BOM", inUTF16([]byte(secret), false, false), "is text in UTF-16: save it as UTF-8 (PowerShell: Set-Content -Encoding utf8; Notepad: Save as, Encoding)"},
		{"nothing but a BOM", []byte(bom + "\n"), "file is empty"},
		{"nothing but blanks", []byte("  \t\n"), "file is empty"},
		{"empty quotes", []byte("\"\"\n"), blank},
		{"empty quotes and a BOM", []byte(bom + "''"), blank},
	} {
		s := complete()
		s.ClientSecretFile = keep(t, "secret", tt.content)
		want := `client_secret_file "` + s.ClientSecretFile + `": ` + tt.want
		if _, err := New(s); err == nil || err.Error() != want {
			t.Errorf("%s: error\n%v\nwant\n%s", tt.name, err, want)
		}
		t.Setenv(federatedTokenFile, s.ClientSecretFile)
		s.Method, s.ClientSecretFile = WorkloadIdentity, ""
		if _, err := New(s); err == nil || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("%s: federated token: %v", tt.name, err)
		}
	}
	for _, value := range []option.Secret{" ", `""`, " '' "} {
		s := complete()
		s.ClientSecret = value
		if _, err := New(s); err == nil || err.Error() != "client_secret: "+blank {
			t.Errorf("error %v", err)
		}
	}
}

// Reports: fluent/fluent-bit#7011, #10150. With auto, a credential option that
// expands to nothing leaves the managed identity: the message says so, whatever
// becomes of it.
func TestEmptyCredentialOptions(t *testing.T) {
	const (
		none  = "auth is auto and no secret or certificate is set, or a variable in it is empty: "
		plain = "signing in with the managed identity of this machine fails"
		set   = none + "set client_secret, client_secret_file or certificate_file, or assign a managed identity to this machine"
		pod   = none + "set client_id for the token of AZURE_FEDERATED_TOKEN_FILE, or client_secret, client_secret_file or certificate_file"
		run   = none + "set client_secret, client_secret_file or certificate_file, or run where Azure provides a workload or managed identity"
	)
	for _, tt := range []struct {
		name          string
		prepare       func(t *testing.T, d *directory, s *Settings)
		plain         string
		do, detail    string
		configuration bool
	}{
		{"no endpoint", func(_ *testing.T, _ *directory, s *Settings) {
			s.HTTP = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed })}
		}, "signing in fails", run, "no managed identity endpoint answers at 169.254.169.254", true},
		{"no identity", func(t *testing.T, d *directory, s *Settings) { s.HTTP = metadata(t, d) },
			plain, set, "169.254.169.254: HTTP 400: Identity not found", true},
		{"App Service", func(t *testing.T, d *directory, _ *Settings) {
			t.Setenv("IDENTITY_ENDPOINT", d.server.URL+login.AppServicePath)
			t.Setenv("IDENTITY_HEADER", d.IdentityHeader())
		}, plain, set, "Identity not found", true},
		{"web page", func(t *testing.T, d *directory, s *Settings) {
			s.HTTP = metadata(t, d)
			d.FailNext(9, login.Failure{Page: true})
		}, plain, set, "HTTP 200: a web page came instead of JSON: is a proxy or a firewall between?", false},
		{"a federated token without an application", func(t *testing.T, d *directory, s *Settings) {
			s.ClientID, s.HTTP = "", metadata(t, d)
			t.Setenv(federatedTokenFile, keep(t, "token", []byte("a.b.c")))
		}, plain, pod, "169.254.169.254: HTTP 400: Identity not found", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			noEnvironment(t)
			d := newDirectory(t, login.App{})
			s := d.settings()
			tt.prepare(t, d, &s)
			e := fail(t, s)
			what, do, detail := e.Explain()
			if what != tt.plain || do != tt.do || !strings.HasSuffix(detail, tt.detail) || e.Configuration() != tt.configuration {
				t.Errorf("%s\n%s\n%s\n%v", what, do, detail, e.Configuration())
			}
		})
	}
	t.Run("it has worked", func(t *testing.T) {
		noEnvironment(t)
		d := newMachine(t)
		s := d.settings()
		s.ClientID, s.HTTP = "", metadata(t, d)
		source := open(t, s)
		source.Reject(d.check(t, source))
		d.FailNext(9, login.Failure{Code: 53003})
		if _, err := source.Token(t.Context()); err == nil || strings.Contains(err.(*Error).Remedy, "is set") {
			t.Errorf("got %v", err)
		}
	})
	for _, method := range []Method{ClientSecret, Certificate} {
		s := complete()
		s.Method = method
		if _, err := New(s); err == nil || !strings.HasSuffix(err.Error(), "is missing (is the variable empty?)") {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// everyOddity has all that can be said about a secret.
const everyOddity = "a blank at its start, a blank at its end, quotes around it, a line break in it, a variable in it that was not replaced, " +
	"control characters in it, characters in it that are not ASCII"

func FuzzSecretFile(f *testing.F) {
	for _, seed := range []string{
		secret, bom + secret + "\r\n", `"` + secret + `"`, secret + " ", "''", bom, "", "${X}", "a\nb", "\xff\xfes\x00", "s\x00e\x00c\x00", "\u201cx\u201d", "x\u00a0",
		base64.StdEncoding.EncodeToString([]byte(secret)),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := readText(option.ClientSecretFile, keep(t, "secret", data))
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("error %q", err)
			}
			return
		}
		if len(c.raw) == 0 || strings.HasPrefix(string(c.raw), bom) || strings.HasSuffix(string(c.raw), "\n") {
			t.Errorf("read %q", c.raw)
		}
		c.secret = string(c.raw)
		odd := c.oddities()
		if len(c.secret) > 8 && strings.Contains(odd, c.secret) && !strings.Contains(everyOddity, c.secret) || strings.ContainsAny(odd, "\r\n") {
			t.Errorf("%q is odd: %q", c.raw, odd)
		}
	})
}
