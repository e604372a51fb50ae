package activity

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

type signInTrouble bool

func (signInTrouble) Error() string         { return "AADSTS7000215: Invalid client secret provided." }
func (t signInTrouble) Configuration() bool { return bool(t) }

func TestDecide(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want Action
	}{
		{"none", nil, Done},
		{"network", errors.New("connection reset by peer"), Retry},
		{"broken off", fmt.Errorf("list: answer: %w", io.ErrUnexpectedEOF), Retry},
		{"stalled", errStalled, Retry},
		{"sign in, network", &SignInError{errors.New("no route to host")}, Retry},
		{"sign in, busy", &SignInError{signInTrouble(false)}, Retry},
		{"sign in, wrong secret", &SignInError{signInTrouble(true)}, Configure},
		{"foreign host", fmt.Errorf("list: %w", &ForeignHostError{}), Configure},

		{"no permission", &Error{Status: 401, Code: "AF10001"}, Configure},
		{"parameter missing", &Error{Status: 400, Code: "AF20001"}, Configure},
		{"parameter type", &Error{Status: 400, Code: "AF20002"}, Configure},
		{"expiration", &Error{Status: 400, Code: "AF20003"}, Configure},
		{"other tenant", &Error{Status: 401, Code: "AF20010"}, Configure},
		{"no tenant", &Error{Status: 400, Code: "AF20011"}, Configure},
		{"tenant misconfigured", &Error{Status: 400, Code: "AF20012"}, Configure},
		{"tenant no GUID", &Error{Status: 400, Code: "AF20013"}, Configure},
		{"content type", &Error{Status: 400, Code: "AF20020"}, Configure},
		{"webhook", &Error{Status: 400, Code: "AF20021"}, Configure},
		{"no subscription", &Error{Status: 400, Code: "AF20022"}, Subscribe},
		{"subscription disabled", &Error{Status: 400, Code: "AF20023"}, Subscribe},
		{"already enabled", &Error{Status: 400, Code: "AF20024"}, Done},
		{"window", &Error{Status: 400, Code: "AF20030"}, Clamp},
		{"window, newer code", &Error{Status: 400, Code: "AF20055"}, Clamp},
		{"next page", &Error{Status: 400, Code: "AF20031"}, Relist},
		{"absent", &Error{Op: OpBlob, Status: 404, Code: "AF20050"}, Absent},
		{"expired", &Error{Op: OpBlob, Status: 400, Code: "AF20051"}, Lost},
		{"bad id", &Error{Op: OpBlob, Status: 400, Code: "AF20052"}, Lost},
		{"language", &Error{Status: 400, Code: "AF20053"}, Configure},
		{"language", &Error{Status: 400, Code: "AF20054"}, Configure},
		{"throttled", &Error{Status: 403, Code: "AF429"}, Throttle},
		{"throttled, in words", &Error{Status: 403, Message: "Too many requests. Method=GetBlob"}, Throttle},
		{"throttled, by status", &Error{Status: 429}, Throttle},
		{"internal", &Error{Status: 500, Code: "AF50000"}, Retry},
		{"internal", &Error{Status: 503, Code: "AF50005"}, Retry},
		{"internal, said wrongly", &Error{Status: 400, Code: "AF50006"}, Retry},
		{"unavailable", &Error{Status: 503}, Retry},
		{"time-out", &Error{Status: 408}, Retry},
		{"unauthorized", &Error{Status: 401}, Configure},
		{"forbidden", &Error{Status: 403}, Configure},
		{"blob not found", &Error{Op: OpBlob, Status: 404}, Absent},
		{"blob gone", &Error{Op: OpBlob, Status: 410}, Lost},
		{"listing not found", &Error{Op: OpList, Status: 404}, Configure},
		{"redirected", &Error{Status: 302}, Configure},
		{"unknown code", &Error{Status: 400, Code: "AF29999"}, Configure},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Decide(tt.err); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if tt.err != nil {
				if got := Decide(fmt.Errorf("around: %w", tt.err)); got != tt.want {
					t.Errorf("wrapped: got %v, want %v", got, tt.want)
				}
			}
		})
	}
}

func TestRemedy(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		t    ContentType
		want string // a part of it; empty: no remedy
	}{
		{"auditing off", &Error{Op: OpStart, Status: 400, Message: "Microsoft.Office.Compliance.Audit.DataServiceException: Tenant 5d2f does not exist."}, Exchange, "Set-AdminAuditLogConfig -UnifiedAuditLogIngestionEnabled $true"},
		{"no permission", &Error{Op: OpSubscriptions, Status: 401, Code: "AF10001"}, "", "ActivityFeed.Read"},
		{"no DLP permission", &Error{Op: OpStart, Status: 401}, DLP, "ActivityFeed.ReadDlp"},
		{"no DLP permission, explained", &Error{Op: OpStart, Status: 401, Code: "AF10001"}, DLP, "ActivityFeed.ReadDlp"},
		{"no permission, unexplained", &Error{Op: OpList, Status: 401}, General, "may not read the audit log"},
		{"disabled", &Error{Op: OpList, Status: 400, Code: "AF20023"}, General, "disabled by an administrator"},
		{"internal error", &Error{Op: OpList, Status: 500}, General, ""},
		{"network", errors.New("connection refused"), General, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Remedy(tt.err, tt.t)
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q in it", got, tt.want)
			}
		})
	}
}
