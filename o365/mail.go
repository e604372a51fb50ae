package o365

import (
	"cmp"
	"slices"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/alert"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// newAlerts returns the sender of alert mail, nil without alert_email_to.
func newAlerts(c Config, h Host, types []source.ContentType, secrets *sanitize.Redactor, states func() []health.Status) (*alert.Alerts, error) {
	if len(c.Mail.To) == 0 {
		return nil, nil
	}
	mail, err := c.mail(h, types, secrets)
	if err != nil {
		return nil, err
	}
	return alert.New(mail, states, h.Log)
}

// mail is how mail is sent about content of these types.
func (c Config) mail(h Host, types []source.ContentType, secrets *sanitize.Redactor) (alert.Config, error) {
	encryption, err := transport.NewTLS(c.CAFile)
	if err != nil {
		return alert.Config{}, err
	}
	mail := c.Mail
	mail.TLS, mail.Instance, mail.Secrets = encryption, h.Name, secrets
	mail.Retention = slices.MinFunc(types, func(a, b source.ContentType) int { return cmp.Compare(a.Retention, b.Retention) }).Retention
	return mail, nil
}
