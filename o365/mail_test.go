package o365

import (
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/alert"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// inbox is a mail server that takes everything.
type inbox chan string

func (in inbox) NewSession(*smtp.Conn) (smtp.Session, error) { return in, nil }
func (in inbox) Mail(string, *smtp.MailOptions) error        { return nil }
func (in inbox) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (in inbox) Reset()                                      {}
func (in inbox) Logout() error                               { return nil }
func (in inbox) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	in <- string(data)
	return err
}

// mailed makes the rig's inputs send mail after a second, and returns where it arrives.
func (r *rig) mailed() inbox {
	r.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	arrived := make(inbox, 10)
	server := smtp.NewServer(arrived)
	server.ErrorLog = log.New(io.Discard, "", 0)
	go func() { _ = server.Serve(listener) }()
	r.t.Cleanup(func() { _ = server.Close() })
	r.options["alert_email_to"], r.options["alert_email_from"] = "ops@example.com", "o365@example.com"
	r.options["alert_after"] = "1s"
	r.options["smtp_url"] = "smtp://" + listener.Addr().String() + "?starttls=off"
	return arrived
}

// A gap is told by mail, too.
func TestMailAboutAGap(t *testing.T) {
	t.Parallel()
	r := newRig(t, api.Options{Blobs: 1, Records: 1, Types: []string{api.Exchange}, Subscribed: []string{api.Exchange}})
	arrived := r.mailed()
	r.options["content_types"] = api.Exchange
	in := r.open()
	defer in.Close()
	r.listen(in, 15*time.Second, ": collecting ")
	r.listen(in, 2*time.Second, "")
	r.cloud.Disable(api.DefaultTenant, api.Exchange)
	for deadline := time.After(time.Minute); ; {
		select {
		case mail := <-arrived:
			if !strings.Contains(mail, "audit records are lost") {
				continue // it is about the subscription
			}
			for _, want := range []string{"tenant " + api.DefaultTenant, "Audit.Exchange: 20", "and Microsoft keeps nothing of such a time"} {
				if !strings.Contains(mail, want) {
					t.Errorf("no %q in\n%s", want, mail)
				}
			}
			return
		case <-deadline:
			t.Fatalf("no mail; the log says:\n%s", r.log.text())
		}
	}
}

// Mail comes although nothing is ever taken from the input.
func TestMailWhileNothingIsTaken(t *testing.T) {
	r := newRig(t, api.Options{})
	arrived := r.mailed()
	r.options["client_secret"] = "wrong"
	in := r.open()
	select {
	case mail := <-arrived:
		for _, want := range []string{"Subject: ", "client secret is wrong", "Audit.Exchange: failing since ", api.DefaultTenant} {
			if !strings.Contains(mail, want) {
				t.Errorf("no %q in\n%s", want, mail)
			}
		}
	case <-time.After(20 * time.Second):
		t.Errorf("no mail; the log says:\n%s", r.log.text())
	}
	begun := time.Now()
	in.Close()
	if d := time.Since(begun); d > time.Second {
		t.Errorf("Close took %s", d)
	}
	if len(arrived) > 0 {
		t.Errorf("another mail:\n%s", <-arrived)
	}
}

// The password of the mail server is redacted in the input's log, also that of a file.
func TestMailPasswordIsASecret(t *testing.T) {
	const password = "kept-in-a-file-of-its-own"
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	secrets := sanitize.NewRedactor()
	c := Config{Mail: alert.Config{To: []string{"a@b"}, From: "c@d", Server: alert.Server{Host: "h", User: "u"}, PasswordFile: path}}
	if _, err := newAlerts(c, Host{}, []source.ContentType{noteType}, secrets, nil); err != nil {
		t.Fatal(err)
	}
	if got := secrets.Text("refused: "+password, sanitize.MaxText); got != "refused: <secret>" {
		t.Errorf("got %q", got)
	}
}

// Mail is sent with the input's name and the certificates of ca_file, and warns for the
// content that is kept shortest.
func TestMailOfAnInput(t *testing.T) {
	r := newRig(t, api.Options{})
	types := []source.ContentType{{Name: "a", Limits: source.Limits{Retention: 3 * time.Hour}}, {Name: "b", Limits: source.Limits{Retention: 2 * time.Hour}}, noteType}
	c := Config{CAFile: r.options["ca_file"], Mail: alert.Config{To: []string{"a@b"}, After: time.Minute}}
	got, err := c.mail(Host{Name: "an input"}, types, sanitize.NewRedactor("a word of its own"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Instance != "an input" || got.Retention != 2*time.Hour || got.After != time.Minute || len(got.To) != 1 || got.Secrets.Text("a word of its own", 100) != "<secret>" {
		t.Errorf("%+v", got)
	}
	if got.TLS == nil || got.TLS.RootCAs == nil {
		t.Error("the certificates of ca_file are not used")
	}
	c.CAFile = "no such file"
	if _, err := c.mail(Host{}, types, nil); err == nil {
		t.Error("a ca_file that is not there is none")
	}
}
