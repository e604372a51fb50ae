package activity

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

type signInTrouble bool

func (signInTrouble) Error() string         { return "AADSTS7000215: Invalid client secret provided." }
func (t signInTrouble) Configuration() bool { return bool(t) }

func TestDecide(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want source.Action
	}{
		{"none", nil, source.Done},
		{"network", errors.New("connection reset by peer"), source.Retry},
		{"broken off", fmt.Errorf("list: answer: %w", io.ErrUnexpectedEOF), source.Retry},
		{"stalled", transport.ErrStalled, source.Retry},
		{"sign in, network", &source.SignInError{Err: errors.New("no route to host")}, source.Retry},
		{"sign in, busy", &source.SignInError{Err: signInTrouble(false)}, source.Retry},
		{"sign in, wrong secret", &source.SignInError{Err: signInTrouble(true)}, source.Configure},
		{"foreign host", fmt.Errorf("list: %w", &transport.OriginError{}), source.Configure},

		{"no permission", &source.Error{Status: 401, Code: "AF10001"}, source.Configure},
		{"parameter missing", &source.Error{Status: 400, Code: "AF20001"}, source.Configure},
		{"parameter type", &source.Error{Status: 400, Code: "AF20002"}, source.Configure},
		{"expiration", &source.Error{Status: 400, Code: "AF20003"}, source.Configure},
		{"other tenant", &source.Error{Status: 401, Code: "AF20010"}, source.Configure},
		{"no tenant", &source.Error{Status: 400, Code: "AF20011"}, source.Configure},
		{"tenant misconfigured", &source.Error{Status: 400, Code: "AF20012"}, source.Configure},
		{"tenant no GUID", &source.Error{Status: 400, Code: "AF20013"}, source.Configure},
		{"content type", &source.Error{Status: 400, Code: "AF20020"}, source.Configure},
		{"webhook", &source.Error{Status: 400, Code: "AF20021"}, source.Configure},
		{"no subscription", &source.Error{Status: 400, Code: "AF20022"}, source.Subscribe},
		{"subscription disabled", &source.Error{Status: 400, Code: "AF20023"}, source.Subscribe},
		{"already enabled", &source.Error{Status: 400, Code: "AF20024"}, source.Done},
		{"window", &source.Error{Status: 400, Code: "AF20030"}, source.Clamp},
		{"window, newer code", &source.Error{Status: 400, Code: "AF20055"}, source.Clamp},
		{"next page", &source.Error{Status: 400, Code: "AF20031"}, source.Relist},
		{"absent", &source.Error{Op: source.OpDownload, Status: 404, Code: "AF20050"}, source.Absent},
		{"expired", &source.Error{Op: source.OpDownload, Status: 400, Code: "AF20051"}, source.Lost},
		{"bad id", &source.Error{Op: source.OpDownload, Status: 400, Code: "AF20052"}, source.Lost},
		{"language", &source.Error{Status: 400, Code: "AF20053"}, source.Configure},
		{"language", &source.Error{Status: 400, Code: "AF20054"}, source.Configure},
		{"throttled", &source.Error{Status: 403, Code: "AF429"}, source.Throttle},
		{"throttled, in words", &source.Error{Status: 403, Message: "Too many requests. Method=GetBlob"}, source.Throttle},
		{"throttled, by status", &source.Error{Status: 429}, source.Throttle},
		{"internal", &source.Error{Status: 500, Code: "AF50000"}, source.Retry},
		{"internal", &source.Error{Status: 503, Code: "AF50005"}, source.Retry},
		{"internal, with another status", &source.Error{Status: 400, Code: "AF50006"}, source.Retry},
		{"unavailable", &source.Error{Status: 503}, source.Retry},
		{"time-out", &source.Error{Status: 408}, source.Retry},
		{"unauthorized", &source.Error{Status: 401}, source.Configure},
		{"forbidden", &source.Error{Status: 403}, source.Configure},
		{"blob not found", &source.Error{Op: source.OpDownload, Status: 404}, source.Absent},
		{"blob gone", &source.Error{Op: source.OpDownload, Status: 410}, source.Lost},
		{"listing not found", &source.Error{Op: source.OpList, Status: 404}, source.Configure},
		{"listing gone", &source.Error{Op: source.OpList, Status: 410}, source.Configure},
		{"in part", &source.Error{Op: source.OpDownload, Status: 206}, source.Retry},
		{"failed, by status", &source.Error{Status: 500}, source.Retry},
		{"redirected", &source.Error{Status: 302}, source.Configure},
		{"unknown code", &source.Error{Status: 400, Code: "AF29999"}, source.Configure},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := decide(tt.err); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if tt.err != nil {
				if got := decide(fmt.Errorf("around: %w", tt.err)); got != tt.want {
					t.Errorf("wrapped: got %v, want %v", got, tt.want)
				}
			}
		})
	}
}
