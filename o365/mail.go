package o365

import (
	"fmt"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/alert"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// newAlerts returns what sends mail about states; nil if nobody wants any.
func newAlerts(c Config, h Host, secrets *sanitize.Redactor, states func() []health.Status) (*alert.Alerts, error) {
	if len(c.Mail.To) == 0 {
		return nil, nil
	}
	encryption, err := newTLS(c.CAFile)
	if err != nil {
		return nil, err
	}
	mail := c.Mail
	mail.TLS, mail.Instance, mail.Secrets = encryption, h.Name, secrets
	return alert.New(mail, states, h.Log)
}

// parseMail reads the options about mail.
func parseMail(v option.Values) (alert.Config, error) {
	c := alert.Config{
		To:           v.List(option.AlertEmailTo),
		From:         v.String(option.AlertEmailFrom),
		PasswordFile: v.String(option.SMTPPasswordFile),
		After:        v.Duration(option.AlertAfter),
	}
	url := v.Secret(option.SMTPURL)
	if url == "" {
		return c, nil
	}
	var err error
	c.Server, err = alert.ParseServer(url)
	return c, err
}

// mailContradictions reports options about mail that do not go together.
func (c Config) mailContradictions() []error {
	m := c.Mail
	var mistakes []error
	say := func(wrong bool, key, about string) {
		if wrong {
			mistakes = append(mistakes, fmt.Errorf("%s: %s", key, about))
		}
	}
	if len(m.To) == 0 {
		const useless = "is of no use without " + option.AlertEmailTo
		say(m.From != "", option.AlertEmailFrom, useless)
		say(m.Server.Host != "", option.SMTPURL, useless)
		say(m.PasswordFile != "", option.SMTPPasswordFile, useless)
		return mistakes
	}
	say(m.From == "", option.AlertEmailTo, "needs "+option.AlertEmailFrom)
	if m.Server.Host == "" {
		say(true, option.AlertEmailTo, "needs "+option.SMTPURL)
		return mistakes
	}
	user, password, file := m.Server.User != "", m.Server.Password != "", m.PasswordFile != ""
	say(password && file, option.SMTPPasswordFile, "set it or a password in "+option.SMTPURL+", not both")
	say(!user && file, option.SMTPPasswordFile, "is of no use without a user in "+option.SMTPURL)
	say(!user && password, option.SMTPURL, "has a password without a user")
	say(user && !password && !file, option.SMTPURL, "has a user without a password (set "+option.SMTPPasswordFile+")")
	say(user && m.Server.Security == alert.Plain, option.SMTPURL, "a password is never sent unencrypted (leave out the user, or starttls=off)")
	return mistakes
}
