package alert

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

const login = "o365%40example.com:pass%3A%20word%25"

// office returns a sender for a server.
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
	write("\n")
	if errs := post(t, p, "a@example.com"); errs[0] == nil || !strings.Contains(errs[0].Error(), "smtp_password_file: ") {
		t.Errorf("got %v", errs[0])
	}
	if _, err := newMailer(Config{From: "a@b", PasswordFile: file + "x"}); err == nil || !strings.Contains(err.Error(), "smtp_password_file: "+file+"x: no such file") {
		t.Errorf("got %v", err)
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
		if errs[0] == nil || !strings.Contains(errs[0].Error(), "context canceled") || time.Since(begun) > 400*time.Millisecond {
			t.Errorf("%s: %v after %s", scheme, errs[0], time.Since(begun))
		}
	}
}

// Whatever an option or an error holds, no header comes of it.
func TestNothingBecomesAHeader(t *testing.T) {
	m := newMailServer(t, TLS)
	const evil = "x\r\nBcc: all@example.com\r\n\r\n.\r\nMAIL FROM:<evil@example.com>\nX-Evil: y"
	p := m.mailer(t, m.url("smtps", login), func(c *Config) {
		c.From = "=?utf-8?b?YQ0KQmNjOiBhbGxAZXhhbXBsZS5jb20=?= <o365@example.com>"
	})
	errs := p.send(t.Context(), []message{{
		to:      "=?utf-8?b?Yg0KWC1FdmlsOiB5?= <ops@example.com>",
		subject: evil, body: evil,
	}})
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	got := m.mails()
	if len(got) != 1 || len(got[0].to) != 1 || got[0].to[0] != "ops@example.com" || got[0].from != "o365@example.com" {
		t.Fatalf("arrived: %+v", got)
	}
	sent := parse(t, got[0])
	for key := range sent.Header {
		switch key {
		case "Date", "Message-Id", "Mime-Version", "From", "To", "Subject", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Type", "Content-Transfer-Encoding":
		default:
			t.Errorf("header %s: %s", key, sent.Header.Get(key))
		}
	}
	for _, bad := range []message{{to: "a@b\r\nRCPT TO:<c@d>"}, {to: "a b"}, {to: "\"a\r\nb\"@c"}} {
		if errs := p.send(t.Context(), []message{bad}); errs[0] == nil {
			t.Errorf("%q is an address", bad.to)
		}
	}
	if len(m.mails()) != 1 {
		t.Errorf("arrived: %+v", m.mails())
	}
}

func TestHeaders(t *testing.T) {
	m := newMailServer(t, TLS)
	p := m.mailer(t, m.url("smtps", login), func(c *Config) { c.From = "Prüfung <o365@example.com>" })
	long := strings.Repeat("long words in the subject ", 5) + "Ümläute 日本"
	body := "Zeile äöü\n.\n" + strings.Repeat("x", 1500) + "\n"
	if errs := p.send(t.Context(), []message{{to: "Ops <ops@example.com>", subject: long, body: body}}); errs[0] != nil {
		t.Fatal(errs[0])
	}
	raw := m.mails()[0]
	for line := range strings.SplitSeq(raw.data, "\r\n") {
		if len(line) > 78 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
	message := parse(t, raw)
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil || subject != long {
		t.Errorf("subject %q: %v", subject, err)
	}
	from, err := message.Header.AddressList("From")
	if err != nil || from[0].Name != "Prüfung" || from[0].Address != "o365@example.com" {
		t.Errorf("from %v: %v", from, err)
	}
	if to := message.Header.Get("To"); to != `"Ops" <ops@example.com>` {
		t.Errorf("to %s", to)
	}
	if d, err := message.Header.Date(); err != nil || time.Since(d).Abs() > time.Minute {
		t.Errorf("date %v: %v", d, err)
	}
	for key, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Content-Type": "text/plain; charset=UTF-8",
	} {
		if got := message.Header.Get(key); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
	if id := message.Header.Get("Message-Id"); !strings.HasPrefix(id, "<") || !strings.Contains(id, "@") {
		t.Errorf("message id %q", id)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	if got := strings.ReplaceAll(string(text), "\r\n", "\n"); err != nil || got != body {
		t.Errorf("body %q: %v", got, err)
	}
}

func parse(t *testing.T, r received) *mail.Message {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(r.data))
	if err != nil {
		t.Fatalf("%v in\n%s", err, r.data)
	}
	return m
}

func TestParseServer(t *testing.T) {
	for text, want := range map[string]Server{
		"smtp://mail.example.com":                     {Host: "mail.example.com", Port: 587},
		"smtp://mail.example.com:25?starttls=off":     {Host: "mail.example.com", Port: 25, Security: Plain},
		"smtp://u:p%40%3A@mail.example.com:2525":      {Host: "mail.example.com", Port: 2525, User: "u", Password: "p@:"},
		"smtps://u%40example.com@mail.example.com":    {Host: "mail.example.com", Port: 465, Security: TLS, User: "u@example.com"},
		"smtps://[::1]:466":                           {Host: "::1", Port: 466, Security: TLS},
		"smtp://mail.example.com?starttls=required":   {Host: "mail.example.com", Port: 587},
		"smtp://u@example.com@mail.example.com:10025": {Host: "mail.example.com", Port: 10025, User: "u@example.com"},
	} {
		if got, err := ParseServer(option.Secret(text)); err != nil || got != want {
			t.Errorf("%s: %#v (password %q), %v", text, got, got.Password.Reveal(), err)
		}
	}
	if _, err := ParseServer("smtp://u:secret@h:x"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
