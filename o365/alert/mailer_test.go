package alert

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

const login = "o365%40example.com:pass%3A%20word%25"

// mailer returns a mailer for the server.
func (m *mailServer) mailer(t *testing.T, url option.Secret, change ...func(*Config)) *mailer {
	t.Helper()
	server, err := ParseServer(url)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{From: "O365 <o365@example.com>", Server: server, TLS: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: m.roots}}
	for _, f := range change {
		f(&c)
	}
	p, err := newMailer(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func post(t *testing.T, p *mailer, to ...string) []error {
	t.Helper()
	var messages []message
	for _, a := range to {
		messages = append(messages, message{to: a, subject: "subject", body: "body\n"})
	}
	return p.send(t.Context(), messages)
}

func TestSend(t *testing.T) {
	for _, tt := range []struct {
		name       string
		security   Security // of the server
		scheme     string
		user       string
		parameters string
		mechanisms string
		wantLogin  string
		encrypted  bool
	}{
		{"STARTTLS", STARTTLS, "smtp", login, "", "PLAIN", "PLAIN true", true},
		{"STARTTLS named", STARTTLS, "smtp", login, "?starttls=required", "PLAIN LOGIN", "PLAIN true", true},
		{"LOGIN only", STARTTLS, "smtp", login, "", "LOGIN", "LOGIN true", true},
		{"no login", STARTTLS, "smtp", "", "", "PLAIN", "", true},
		{"TLS", TLS, "smtps", login, "", "LOGIN PLAIN", "PLAIN true", true},
		{"TLS with LOGIN", TLS, "smtps", login, "", "LOGIN", "LOGIN true", true},
		{"relay", Plain, "smtp", "", "?starttls=off", "", "", false},
		{"relay that could", STARTTLS, "smtp", "", "?starttls=off", "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMailServer(t, tt.security)
			m.mechanisms = strings.Fields(tt.mechanisms)
			p := m.mailer(t, m.url(tt.scheme, tt.user)+option.Secret(tt.parameters))
			if errs := post(t, p, "ops@example.com", "Whoever <siem@example.com>"); errs[0] != nil || errs[1] != nil {
				t.Fatal(errs)
			}
			got := m.mails()
			if len(got) != 2 || got[0].to[0] != "ops@example.com" || got[1].to[0] != "siem@example.com" || got[0].from != "o365@example.com" {
				t.Fatalf("arrived: %+v", got)
			}
			if got[0].encrypted != tt.encrypted {
				t.Errorf("encrypted: %v", got[0].encrypted)
			}
			if logins := strings.Join(m.logins, ", "); logins != tt.wantLogin {
				t.Errorf("logins: %s, want %s", logins, tt.wantLogin)
			}
		})
	}
}

func TestCannotSend(t *testing.T) {
	for _, tt := range []struct {
		name     string
		security Security
		scheme   string
		user     string
		change   func(*Config)
		want     string // in the error
	}{
		{"wrong password", STARTTLS, "smtp", "o365%40example.com:hunter2", nil, `535 "5.7.8`},
		{"wrong user", TLS, "smtps", "me:pass%3A%20word%25", nil, `535 "5.7.8`},
		{"no STARTTLS", Plain, "smtp", login, nil, "the server offers no STARTTLS"},
		{"no STARTTLS, no login", Plain, "smtp", "", nil, "the server offers no STARTTLS"},
		{"unknown authority", STARTTLS, "smtp", login, func(c *Config) { c.TLS = nil }, "ca_file can name"},
		{"unknown authority, TLS", TLS, "smtps", login, func(c *Config) { c.TLS = nil }, "ca_file can name"},
		{"name of another", TLS, "smtps", login, func(c *Config) { c.Server.Host = "localhost" }, "localhost"},
		{"TLS is spoken", TLS, "smtp", login, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMailServer(t, tt.security)
			var change []func(*Config)
			if tt.change != nil {
				change = append(change, tt.change)
			}
			p := m.mailer(t, m.url(tt.scheme, tt.user), change...)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			errs := p.send(ctx, []message{{to: "ops@example.com", subject: "s", body: "b"}})
			if errs[0] == nil || !strings.Contains(errs[0].Error(), tt.want) {
				t.Fatalf("got %v, want %s", errs[0], tt.want)
			}
			text := errs[0].Error()
			if strings.Contains(text, "hunter2") || strings.Contains(text, "pass: word") || strings.ContainsAny(text, "\r\n") {
				t.Errorf("the error reveals too much: %s", text)
			}
			if got := m.mails(); len(got) != 0 {
				t.Errorf("arrived: %+v", got)
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			for _, l := range m.logins {
				if strings.HasSuffix(l, "false") {
					t.Errorf("a password came unencrypted: %s", l)
				}
			}
			if tt.security == Plain && strings.Contains(m.wire.String(), "\nAUTH ") {
				t.Errorf("a login was tried unencrypted:\n%s", m.wire.String())
			}
		})
	}
}

// A server may give the password back in its refusal, however it writes it.
func TestPasswordIsNotRepeated(t *testing.T) {
	const password = "hunter2 & co%"
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(password+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, spelled := range map[string]string{
		"raw":        password,
		"query":      url.QueryEscape(password),
		"AUTH PLAIN": base64.StdEncoding.EncodeToString([]byte("\x00o365@example.com\x00" + password)),
		"AUTH LOGIN": base64.StdEncoding.EncodeToString([]byte(password)),
	} {
		t.Run(name, func(t *testing.T) {
			m := newMailServer(t, TLS)
			m.refusal = "no: " + spelled + " \x1b[2J"
			for from, p := range map[string]*mailer{
				"url":  m.mailer(t, m.url("smtps", "me:"+url.PathEscape(password))),
				"file": m.mailer(t, m.url("smtps", "me"), func(c *Config) { c.PasswordFile = file }),
			} {
				errs := p.send(t.Context(), []message{{to: "ops@example.com", subject: "s", body: "b"}})
				if errs[0] == nil || !strings.Contains(errs[0].Error(), "no: <secret>") || strings.Contains(errs[0].Error(), "\x1b") {
					t.Errorf("%s: got %v", from, errs[0])
				}
			}
		})
	}
}

func TestPasswordNeedsEncryption(t *testing.T) {
	server, err := ParseServer("smtp://me:secret@127.0.0.1:25?starttls=off")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newMailer(Config{From: "a@b", Server: server}); err != errPlain {
		t.Errorf("got %v", err)
	}
}

func TestOneAddressIsRefused(t *testing.T) {
	m := newMailServer(t, STARTTLS)
	m.refuse = "gone@example.com"
	errs := post(t, m.mailer(t, m.url("smtp", login)), "a@example.com", "gone@example.com", "b@example.com")
	if errs[0] != nil || errs[2] != nil || len(m.mails()) != 2 {
		t.Errorf("the others got %d mails: %v", len(m.mails()), errs)
	}
	if errs[1] == nil || !strings.Contains(errs[1].Error(), `550 "5.1.1`) {
		t.Errorf("got %v", errs[1])
	}
	if strings.Contains(errs[1].Error(), "affected") {
		t.Errorf("the error names the address twice: %v", errs[1])
	}
}

// What the server has taken is not sent again, whatever goes wrong afterwards.
func TestServerHangsUpAfterDelivery(t *testing.T) {
	m := newMailServer(t, STARTTLS)
	m.hangsUp = true
	if errs := post(t, m.mailer(t, m.url("smtp", login)), "a@example.com"); errs[0] != nil || len(m.mails()) != 1 {
		t.Errorf("%d mails: %v", len(m.mails()), errs[0])
	}
}

func TestPasswordFileIsReadAgain(t *testing.T) {
	m := newMailServer(t, TLS)
	file := filepath.Join(t.TempDir(), "password")
	write := func(s string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("old\n")
	p := m.mailer(t, m.url("smtps", "o365%40example.com"), func(c *Config) { c.PasswordFile = file })
	if errs := post(t, p, "a@example.com"); errs[0] == nil {
		t.Fatal("the old password works")
	}
	write(m.pass + "\r\n")
	if errs := post(t, p, "a@example.com"); errs[0] != nil {
		t.Fatal(errs[0])
	}
	m.pass = " with blanks " // they belong to it
	write(m.pass + "\n")
	if errs := post(t, p, "a@example.com"); errs[0] != nil {
		t.Fatal(errs[0])
	}
	write("\n")
	if errs := post(t, p, "a@example.com"); errs[0] == nil || !strings.Contains(errs[0].Error(), "smtp_password_file: ") {
		t.Errorf("got %v", errs[0])
	}
	if _, err := newMailer(Config{From: "a@b", PasswordFile: file + "x"}); err == nil || !strings.Contains(err.Error(), "smtp_password_file: "+file+"x: no such file") {
		t.Errorf("got %v", err)
	}
}

// A password that the server refuses, and that has what is seldom meant to be in one,
// is hinted at, never shown.
func TestOddPassword(t *testing.T) {
	for _, tt := range []struct{ password, hint string }{
		{`"hunter2"`, "quotes around it"},
		{"hunter2 ", "a blank at its end"},
		{"\thunter2", "a blank at its start"},
		{"hun\u00a0ter2", "characters in it that are not ASCII"},
		{"hunter2${SUFFIX}", "a variable in it that was not replaced"},
		{"hunter2", ""},
	} {
		m := newMailServer(t, TLS)
		file := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(file, []byte(tt.password+"\r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for from, p := range map[string]*mailer{
			"smtp_url":                            m.mailer(t, m.url("smtps", "me:"+url.PathEscape(tt.password))),
			"smtp_password_file \"" + file + "\"": m.mailer(t, m.url("smtps", "me"), func(c *Config) { c.PasswordFile = file }),
		} {
			text := post(t, p, "ops@example.com")[0].Error()
			want := "(check the password: that of " + from + " has " + tt.hint + ", which is sent too)"
			if strings.HasSuffix(text, want) != (tt.hint != "") || !strings.Contains(text, "535") || strings.Contains(text, "check the password") != (tt.hint != "") {
				t.Errorf("%q: %s, want %s", tt.password, text, want)
			}
			if strings.Contains(text, "hun") {
				t.Errorf("the error reveals too much: %s", text)
			}
		}
	}
}

// A server that does not answer delays neither the end nor, for long, the loop.
func TestSendEndsWithContext(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	m := &mailServer{listener: silent}
	for _, scheme := range []string{"smtp", "smtps"} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		begun := time.Now()
		errs := m.mailer(t, m.url(scheme, "")).send(ctx, []message{{to: "a@b", subject: "s", body: "b"}})
		if errs[0] == nil || !strings.Contains(errs[0].Error(), "context canceled") || time.Since(begun) > sendTimeout/2 {
			t.Errorf("%s: %v after %s", scheme, errs[0], time.Since(begun))
		}
	}
}

// The configuration of TLS is also that of others, so it is not changed.
func TestTLSIsCopied(t *testing.T) {
	given := &tls.Config{MinVersion: tls.VersionTLS12}
	m, err := newMailer(Config{From: "a@b", Server: Server{Host: "mail.example"}, TLS: given})
	if err != nil {
		t.Fatal(err)
	}
	if given.ServerName != "" || m.tls.ServerName != "mail.example" {
		t.Errorf("the given one is for %q, the mailer's for %q", given.ServerName, m.tls.ServerName)
	}
}
