package alert

import (
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
)

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
