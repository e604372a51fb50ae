package activity

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
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
		{"foreign host", fmt.Errorf("list: %w", &transport.OriginError{}), Configure},

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

func TestExplain(t *testing.T) {
	const add = `run "az ad app permission add --id 1234 --api c5393580-f805-4401-95e8-94b7a6ef2fc2 --api-permissions `
	for _, tt := range []struct {
		name     string
		err      error
		t        ContentType
		what, do string // its beginning
	}{
		{"auditing off", &Error{Op: OpStart, Status: 400, Message: "Microsoft.Office.Compliance.Audit.DataServiceException: Tenant 5d2f does not exist."}, Exchange,
			"auditing is off in this tenant", `run "Set-AdminAuditLogConfig -UnifiedAuditLogIngestionEnabled $true"`},
		{"no permission", &Error{Op: OpSubscriptions, Status: 401, Code: "AF10001"}, "",
			"the app may not read the audit log (ActivityFeed.Read is missing)", add + "594c1fb6-4f81-4475-ae41-0c394909246c=Role"},
		{"no DLP permission", &Error{Op: OpStart, Status: 401}, DLP,
			"the app may not read DLP events (ActivityFeed.ReadDlp is missing)", add + "4807a72c-ad38-4250-94c9-4eabfe26cd55=Role"},
		{"disabled", &Error{Op: OpList, Status: 400, Code: "AF20023"}, General, "an administrator of the tenant or of the service disabled the subscription", "find out who"},
		{"other tenant", &Error{Op: OpList, Status: 401, Code: "AF20010"}, General, "the token is for another tenant", "check tenant_id"},
		{"unknown refusal", &Error{Op: OpList, Status: 404}, General, "the service refuses the requests", "check endpoint and cloud"},
		{"internal error", &Error{Op: OpList, Status: 500}, General, "requests fail", "nothing need be done unless it lasts"},
		{"network", errors.New("connection refused"), General, "the service can't be reached", "check network"},
		{"foreign host", &transport.OriginError{}, General, "the service names addresses elsewhere", "check endpoint"},
		{"login", &SignInError{Err: unknownUser{}}, "", "the tenant has no such user", "log in as another"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Explain(fmt.Errorf("around: %w", tt.err), tt.t, "1234")
			if !strings.HasPrefix(got.What, tt.what) || !strings.HasPrefix(got.Do, tt.do) || got.Detail == "" {
				t.Errorf("got %+v, want %q and %q", got, tt.what, tt.do)
			}
		})
	}
}

type unknownUser struct{}

func (unknownUser) Error() string { return "AADSTS50034" }
func (unknownUser) Explain() (what, do, detail string) {
	return "the tenant has no such user", "log in as another", "AADSTS50034"
}
