package source_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestOutcomes(t *testing.T) {
	_, notExist := os.Open("/no/such/file")
	for _, tt := range []struct {
		name string
		err  error
		want string // the most exact words, in turn
	}{
		{"well", nil, "200"},
		{"refused", &source.Error{Status: 403, Code: "AF429"}, "AF429 403 4xx"},
		{"without a code", &source.Error{Status: 503}, " 503 5xx"},
		{"login", fmt.Errorf("login: %w", &identity.Error{Code: "AADSTS7000215", Status: 401}), "401 4xx"},
		{"az", &identity.Error{Message: "run az login"}, "other"},
		{"credential file", &identity.Error{Message: "no file", Err: notExist}, "other"},
		{"login, broken off", &identity.Error{Err: &url.Error{Err: io.EOF}}, "network"},
		{"deadline", &identity.Error{Err: context.DeadlineExceeded}, "timeout network"},
		{"dial timeout", &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "timeout network"},
		{"no such host", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, "dns network"},
		{"reset", &url.Error{Err: &net.OpError{Op: "read", Err: io.ErrClosedPipe}}, "network"},
		{"broken off", io.ErrUnexpectedEOF, "network"},
		{"untrusted", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "tls network"},
		{"another host", x509.HostnameError{Certificate: new(x509.Certificate)}, "tls network"},
		{"unknown authority", x509.UnknownAuthorityError{}, "tls network"},
		{"no TLS", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "tls network"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(source.Outcomes(tt.err), " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNamesOfActions(t *testing.T) {
	for action, want := range map[source.Action]string{
		source.Done: "done", source.Retry: "retry", source.Throttle: "throttle", source.Subscribe: "subscribe", source.Relist: "relist",
		source.Clamp: "clamp", source.Absent: "absent", source.Lost: "lost", source.Configure: "configure",
	} {
		if action.String() != want {
			t.Errorf("%d is %q, want %q", action, action, want)
		}
	}
}
