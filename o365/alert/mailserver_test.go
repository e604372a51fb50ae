package alert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// A mailServer is an SMTP server on loopback that keeps what it is sent.
type mailServer struct {
	listener net.Listener
	roots    *x509.CertPool

	mechanisms []string
	user, pass string
	refusal    string // of a login; default: the library's
	refuse     string // an address that it does not take mail for
	hangsUp    bool   // at the first command after a mail

	mu       sync.Mutex
	received []received
	logins   []string // mechanism, and whether the connection was encrypted
	wire     strings.Builder
}

// received is a mail as it came.
type received struct {
	from, data string
	to         []string
	encrypted  bool
}

// newMailServer starts a server that is spoken to with the given security. A
// STARTTLS server has it, but doesn't insist.
func newMailServer(t *testing.T, s Security) *mailServer {
	t.Helper()
	m := &mailServer{mechanisms: []string{sasl.Plain}, user: "o365@example.com", pass: "pass: word%"}
	certificate, roots := newCertificate(t)
	m.roots = roots
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: m, conn: c}, nil }))
	server.Domain = "mail.example.com"
	server.AllowInsecureAuth = true // whether to send a password is the client's decision here
	server.ErrorLog = log.New(io.Discard, "", 0)
	server.Debug = m
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.listener = listener
	encryption := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	switch s {
	case STARTTLS:
		server.TLSConfig = encryption
	case TLS:
		listener = tls.NewListener(listener, encryption)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
	return m
}

// Write records what is sent on the connections, encrypted or not.
func (m *mailServer) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wire.Write(p)
}

func (m *mailServer) mails() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]received(nil), m.received...)
}

// url addresses the server; user may be empty.
func (m *mailServer) url(scheme, user string) option.Secret {
	if user != "" {
		user += "@"
	}
	return option.Secret(fmt.Sprintf("%s://%s%s", scheme, user, m.listener.Addr()))
}

type session struct {
	server *mailServer
	conn   *smtp.Conn
	mail   received
	resets int // since the mail
}

func (s *session) encrypted() bool {
	_, ok := s.conn.TLSConnectionState()
	return ok
}

func (s *session) AuthMechanisms() []string { return s.server.mechanisms }

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, pass string) error {
		s.server.mu.Lock()
		defer s.server.mu.Unlock()
		s.server.logins = append(s.server.logins, fmt.Sprint(mechanism, " ", s.encrypted()))
		if user != s.server.user || pass != s.server.pass {
			if s.server.refusal != "" {
				return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: s.server.refusal}
			}
			return smtp.ErrAuthFailed
		}
		return nil
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, pass string) error { return check(user, pass) }), nil
	case sasl.Login:
		return &loginServer{check: check}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

// loginServer is AUTH LOGIN: two questions, in any words.
type loginServer struct {
	check func(user, pass string) error
	asked int
	user  string
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	l.asked++
	switch l.asked {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mail = received{from: from, encrypted: s.encrypted()}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if to == s.server.refuse {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	s.mail.to = append(s.mail.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.data = string(data)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.received = append(s.server.received, s.mail)
	return nil
}

func (s *session) Logout() error { return nil }

// Reset comes after a mail, and for RSET.
func (s *session) Reset() {
	if s.mail.data == "" {
		return
	}
	if s.resets++; s.resets == 2 && s.server.hangsUp {
		_ = s.conn.Conn().Close()
	}
}

// newCertificate makes a certificate for the loopback address, and the roots
// that vouch for it.
func newCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, errKey := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err := errors.Join(errKey, err); err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
