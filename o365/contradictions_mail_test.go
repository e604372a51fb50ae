package o365

import (
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/alert"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// Options about mail that exclude each other: these lines and no others.
func TestContradictionsOfMail(t *testing.T) {
	const (
		noSender, noServer = "alert_email_to: needs alert_email_from", "alert_email_to: needs smtp_url"
		twice              = "smtp_password_file: set it or a password in smtp_url, not both"
		noUser             = "smtp_password_file: has no effect without a user in smtp_url"
		nobody             = "smtp_url: has a password without a user"
		noPassword         = "smtp_url: has a user without a password (set smtp_password_file)"
		unencrypted        = "smtp_url: a password is never sent unencrypted (leave out the user, or starttls=off)"
		idleSender         = "alert_email_from: has no effect without alert_email_to"
		idleServer         = "smtp_url: has no effect without alert_email_to"
		idleFile           = "smtp_password_file: has no effect without alert_email_to"
	)
	to := []string{"a@b"}
	server := func(user, password string) alert.Server {
		return alert.Server{Host: "h", User: user, Password: option.Secret(password), Security: alert.TLS}
	}
	plain := func(user, password string) alert.Server {
		return alert.Server{Host: "h", User: user, Password: option.Secret(password), Security: alert.Plain}
	}
	for name, tt := range map[string]struct {
		mail alert.Config
		want []string
	}{
		"none":                          {alert.Config{}, nil},
		"all of it":                     {alert.Config{To: to, From: "c@d", Server: server("u", "p")}, nil},
		"a password in a file":          {alert.Config{To: to, From: "c@d", Server: server("u", ""), PasswordFile: "f"}, nil},
		"a relay":                       {alert.Config{To: to, From: "c@d", Server: plain("", "")}, nil},
		"recipients alone":              {alert.Config{To: to}, []string{noSender, noServer}},
		"a file without a server":       {alert.Config{To: to, From: "c@d", PasswordFile: "f"}, []string{noServer}},
		"no recipients":                 {alert.Config{From: "c@d", Server: server("u", "p"), PasswordFile: "f"}, []string{idleSender, idleServer, idleFile}},
		"no recipients, a bad server":   {alert.Config{Server: plain("", "p")}, []string{idleServer}},
		"two passwords":                 {alert.Config{To: to, From: "c@d", Server: server("u", "p"), PasswordFile: "f"}, []string{twice}},
		"a file without a user":         {alert.Config{To: to, From: "c@d", Server: server("", ""), PasswordFile: "f"}, []string{noUser}},
		"a password without a user":     {alert.Config{To: to, From: "c@d", Server: server("", "p")}, []string{nobody}},
		"two passwords without a user":  {alert.Config{To: to, From: "c@d", Server: server("", "p"), PasswordFile: "f"}, []string{twice, noUser, nobody}},
		"a user without a password":     {alert.Config{To: to, From: "c@d", Server: server("u", "")}, []string{noPassword}},
		"a password in the clear":       {alert.Config{To: to, From: "c@d", Server: plain("u", "p")}, []string{unencrypted}},
		"a file's in the clear":         {alert.Config{To: to, From: "c@d", Server: plain("u", ""), PasswordFile: "f"}, []string{unencrypted}},
		"no sender, and in the clear":   {alert.Config{To: to, Server: plain("u", "p")}, []string{noSender, unencrypted}},
		"a user, in the clear, no word": {alert.Config{To: to, From: "c@d", Server: plain("u", "")}, []string{noPassword, unencrypted}},
	} {
		got := ""
		if err := (Config{Mail: tt.mail}).contradictions(); err != nil {
			got = err.Error()
		}
		if want := strings.Join(tt.want, "\n"); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}
