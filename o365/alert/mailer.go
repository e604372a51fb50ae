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

// A message is one mail to one address.
type message struct{ to, subject, body string }

// A mailer sends messages through a mail server.
type mailer struct {
	server       Server
	from         *mail.Address
	passwordFile string
	tls          *tls.Config
	secrets      *sanitize.Redactor
}

// sendTimeout bounds the time for all messages of one connection.
const sendTimeout = time.Minute

func newMailer(c Config) (*mailer, error) {
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", option.AlertEmailFrom, err)
	}
	m := &mailer{server: c.Server, from: from, passwordFile: c.PasswordFile, tls: &tls.Config{MinVersion: tls.VersionTLS12}, secrets: c.Secrets}
	if m.secrets == nil {
		m.secrets = sanitize.NewRedactor(c.Server.Password.Reveal())
	}
	if c.TLS != nil {
		m.tls = c.TLS.Clone()
	}
	m.tls.ServerName = c.Server.Host
	if m.server.User != "" && m.server.Security == Plain {
		return nil, errPlain
	}
	_, err = m.password()
	return m, err
}

var errPlain = fmt.Errorf("%s: a password is never sent over a connection that is not encrypted", option.SMTPURL)

// send returns an error for each message, nil if the server has accepted it. It
// returns at once when ctx is done.
func (m *mailer) send(ctx context.Context, messages []message) []error {
	ctx, cancel := context.WithTimeoutCause(ctx, sendTimeout, errors.New("the server does not answer in time"))
	defer cancel()
	password, err := m.password()
	errs := make([]error, len(messages))
	if err == nil {
		err = m.deliver(ctx, password, messages, errs)
	}
	for i := range errs {
		if errs[i] == nil {
			errs[i] = err
		}
		errs[i] = m.explain(ctx, errs[i], option.Secret(password))
	}
	return errs
}

// deliver sends messages over one connection. It returns an error that concerns
// all of them; one that concerns a single message is put into errs.
func (m *mailer) deliver(ctx context.Context, password string, messages []message, errs []error) error {
	client, err := gomail.NewClient(m.server.Host, m.options(ctx, password)...)
	if err != nil {
		return err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	for i, msg := range messages {
		composed, err := m.compose(msg)
		if err == nil {
			err = client.SendWithSMTPClient(conn, composed)
		}
		if composed == nil || !composed.IsDelivered() { // there may be an error after the delivery
			errs[i] = err
		}
	}
	_ = client.CloseWithSMTPClient(conn)
	return nil
}

func (m *mailer) options(ctx context.Context, password string) []gomail.Option {
	s := m.server
	options := []gomail.Option{
		gomail.WithTimeout(sendTimeout),
		gomail.WithTLSConfig(m.tls),
		gomail.WithDialContextFunc(func(dialing context.Context, network, _ string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(dialing, network, net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
			if err != nil {
				return nil, err
			}
			// go-mail uses ctx only to dial. Closing the connection ends everything it
			// waits for; it does not close the connection after every error itself.
			context.AfterFunc(ctx, func() { _ = conn.Close() })
			if s.Security != TLS {
				return conn, nil
			}
			secure := tls.Client(conn, m.tls)
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
		// If the server offers neither, go-mail uses another mechanism it offers.
		options = append(options, gomail.WithUsername(s.User), gomail.WithPassword(password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return options
}

func (m *mailer) compose(msg message) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(msg.to)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", option.AlertEmailTo, err)
	}
	composed := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	composed.FromMailAddress(m.from)
	composed.AddToMailAddress(to)
	composed.Subject(msg.subject)
	// Programs must not answer: RFC 3834, section 5; [MS-OXCMAIL] 2.1.3.2.20.
	composed.SetGenHeader("Auto-Submitted", "auto-generated")
	composed.SetGenHeader("X-Auto-Response-Suppress", "All")
	composed.SetBodyString(gomail.TypeTextPlain, msg.body)
	return composed, nil
}

// maxPasswordBytes bounds smtp_password_file.
const maxPasswordBytes = 64 << 10

// password returns the password. It reads the file at each call, since it may have
// changed.
func (m *mailer) password() (string, error) {
	if m.passwordFile == "" {
		return m.server.Password.Reveal(), nil
	}
	text, err := files.Read(m.passwordFile, maxPasswordBytes)
	if err != nil {
		return "", fmt.Errorf("%s: %s: %w", option.SMTPPasswordFile, m.passwordFile, err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" {
		return "", fmt.Errorf("%s: %s is empty", option.SMTPPasswordFile, m.passwordFile)
	}
	m.secrets.Add(password)
	return password, nil
}

// loginRefused begins the text of go-mail's error where the server refuses the login.
const loginRefused = "SMTP AUTH failed"

// explain returns an error in one line, with the server and a hint at what may fix
// it, and without the password.
func (m *mailer) explain(ctx context.Context, err error, password option.Secret) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	// go-mail adds the address and an id that differs every time.
	text, _, _ := strings.Cut(err.Error(), ", affected ")
	text = m.secrets.Text(text, sanitize.MaxDetail)
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unknown):
		text += fmt.Sprintf(" (%s can name a root certificate of your own)", option.CAFile)
	case strings.Contains(text, loginRefused) && password.Oddities() != "":
		from := option.SMTPURL
		if m.passwordFile != "" {
			from = fmt.Sprintf("%s %q", option.SMTPPasswordFile, m.passwordFile)
		}
		text += fmt.Sprintf(" (check the password: that of %s has %s, which is sent too)", from, password.Oddities())
	case strings.Contains(text, "does not support STARTTLS"):
		text = "the server offers no STARTTLS (smtps:// is TLS from the start; ?starttls=off does without, for a relay without a login)"
	}
	return fmt.Errorf("%s: %s", net.JoinHostPort(m.server.Host, strconv.Itoa(m.server.Port)), text)
}
