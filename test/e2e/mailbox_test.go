package e2e

import (
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// mailbox is a mail server that keeps what it is sent.
type mailbox struct {
	address string

	mu    sync.Mutex
	mails []string
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	m := &mailbox{address: listener.Addr().String()}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return incoming{m}, nil }))
	server.Domain = "mail.example.com"
	server.ErrorLog = log.New(io.Discard, "", 0)
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

func (m *mailbox) url() string { return "smtp://" + m.address + "?starttls=off" }

// all are the mails so far, head and body.
func (m *mailbox) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.mails)
}

// incoming is a connection that mail comes in by.
type incoming struct{ to *mailbox }

func (d incoming) Mail(string, *smtp.MailOptions) error { return nil }
func (d incoming) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (d incoming) Reset()                               {}
func (d incoming) Logout() error                        { return nil }

func (d incoming) Data(r io.Reader) error {
	mail, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	d.to.mu.Lock()
	defer d.to.mu.Unlock()
	d.to.mails = append(d.to.mails, string(mail))
	return nil
}
