package alert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/files"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// A letter is one mail to one address.
type letter struct{ to, subject, body string }

// A postOffice sends letters through a mail server.
type postOffice struct {
	server       Server
	from         *mail.Address
	passwordFile string
	tls          *tls.Config
	secrets      *sanitize.Redactor
}

// sending bounds the time for all letters of one connection.
const sending = time.Minute

func newPostOffice(c Config) (*postOffice, error) {
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", option.AlertEmailFrom, err)
	}
	p := &postOffice{server: c.Server, from: from, passwordFile: c.PasswordFile, tls: &tls.Config{MinVersion: tls.VersionTLS12}, secrets: c.Secrets}
	if p.secrets == nil {
		p.secrets = sanitize.NewRedactor(c.Server.Password.Reveal())
	}
	if c.TLS != nil {
		p.tls = c.TLS.Clone()
	}
	p.tls.ServerName = c.Server.Host
	if p.server.User != "" && p.server.Security == Plain {
		return nil, errPlain
	}
	_, err = p.password()
	return p, err
}

var errPlain = fmt.Errorf("%s: a password is never sent over a connection that is not encrypted", option.SMTPURL)

// send gives an error for each letter, nil if the server has taken it. Once
// ctx is done, it returns at once.
func (p *postOffice) send(ctx context.Context, letters []letter) []error {
	ctx, cancel := context.WithTimeoutCause(ctx, sending, errors.New("the server does not answer in time"))
	defer cancel()
	password, err := p.password()
	errs := make([]error, len(letters))
	if err == nil {
		err = p.deliver(ctx, password, letters, errs)
	}
	for i := range errs {
		if errs[i] == nil {
			errs[i] = err
		}
		errs[i] = p.explain(ctx, errs[i])
	}
	return errs
}

// deliver sends letters over one connection. It returns what went wrong for
// all of them, and puts into errs what did for one.
func (p *postOffice) deliver(ctx context.Context, password string, letters []letter, errs []error) error {
	client, err := gomail.NewClient(p.server.Host, p.options(ctx, password)...)
	if err != nil {
		return err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	for i, l := range letters {
		m, err := p.message(l)
		if err == nil {
			err = client.SendWithSMTPClient(conn, m)
		}
		if m == nil || !m.IsDelivered() { // there may be an error after the delivery
			errs[i] = err
		}
	}
	_ = client.CloseWithSMTPClient(conn)
	return nil
}

func (p *postOffice) options(ctx context.Context, password string) []gomail.Option {
	s := p.server
	options := []gomail.Option{
		gomail.WithTimeout(sending),
		gomail.WithTLSConfig(p.tls),
		gomail.WithDialContextFunc(func(dialing context.Context, network, _ string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(dialing, network, net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
			if err != nil {
				return nil, err
			}
			// go-mail heeds ctx while it dials only. Without its connection it
			// waits for nothing, and it does not close it after every error.
			context.AfterFunc(ctx, func() { _ = conn.Close() })
			if s.Security != TLS {
				return conn, nil
			}
			secure := tls.Client(conn, p.tls)
			if err := secure.HandshakeContext(dialing); err != nil {
				return nil, err
			}
			return secure, nil
		}),
	}
	switch s.Security {
	case STARTTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.User != "" {
		// Where the server offers neither, go-mail takes what it does offer.
		options = append(options, gomail.WithUsername(s.User), gomail.WithPassword(password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return options
}

func (p *postOffice) message(l letter) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(l.to)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", option.AlertEmailTo, err)
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(p.from)
	m.AddToMailAddress(to)
	m.Subject(l.subject)
	// No answers from programs: RFC 3834, section 5; [MS-OXCMAIL] 2.1.3.2.20.
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetBodyString(gomail.TypeTextPlain, l.body)
	return m, nil
}

const mostPassword = 64 << 10 // bytes

// password reads the file each time, since it may have changed.
func (p *postOffice) password() (string, error) {
	if p.passwordFile == "" {
		return p.server.Password.Reveal(), nil
	}
	text, err := files.Read(p.passwordFile, mostPassword)
	if err != nil {
		return "", fmt.Errorf("%s: %s: %w", option.SMTPPasswordFile, p.passwordFile, err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" {
		return "", fmt.Errorf("%s: %s is empty", option.SMTPPasswordFile, p.passwordFile)
	}
	p.secrets.Add(password)
	return password, nil
}

// explain makes one line of an error, with what may mend it and without the
// password.
func (p *postOffice) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	// go-mail adds the address and an id that differs every time.
	text, _, _ := strings.Cut(err.Error(), ", affected ")
	text = p.secrets.Text(text, sanitize.MaxDetail)
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unknown):
		text += fmt.Sprintf(" (%s can name a root certificate of your own)", option.CAFile)
	case strings.Contains(text, "does not support STARTTLS"):
		text = "the server offers no STARTTLS (smtps:// is TLS from the start; ?starttls=off does without, for a relay without a login)"
	}
	return fmt.Errorf("%s: %s", net.JoinHostPort(p.server.Host, strconv.Itoa(p.server.Port)), text)
}
