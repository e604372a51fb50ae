package activity

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

func TestExplain(t *testing.T) {
	const add = `run "az ad app permission add --id 1234 --api c5393580-f805-4401-95e8-94b7a6ef2fc2 --api-permissions `
	for _, tt := range []struct {
		name     string
		err      error
		t        string
		what, do string // its beginning
		topic    source.Topic
	}{
		{"auditing off", &source.Error{Op: source.OpStart, Status: 400, Message: "Microsoft.Office.Compliance.Audit.DataServiceException: Tenant 5d2f does not exist."}, Exchange,
			"auditing is off in this tenant", `run "Set-AdminAuditLogConfig -UnifiedAuditLogIngestionEnabled $true"`, source.Auditing},
		{"no permission", &source.Error{Op: source.OpSubscriptions, Status: 401, Code: "AF10001"}, "",
			"the app may not read the audit log (ActivityFeed.Read is missing)", add + "594c1fb6-4f81-4475-ae41-0c394909246c=Role", source.Permission},
		{"no DLP permission", &source.Error{Op: source.OpStart, Status: 401}, DLP,
			"the app may not read DLP events (ActivityFeed.ReadDlp is missing)", add + "4807a72c-ad38-4250-94c9-4eabfe26cd55=Role", source.Permission},
		{"no permission, by status", &source.Error{Op: source.OpList, Status: 403}, Exchange,
			"the app may not read the audit log (ActivityFeed.Read is missing)", add + "594c1fb6-4f81-4475-ae41-0c394909246c=Role", source.Permission},
		{"throttled", &source.Error{Op: source.OpList, Status: 403, Message: "Too many requests."}, General, "requests fail", "nothing need be done unless it lasts", source.Service},
		{"no tenant in a listing", &source.Error{Op: source.OpList, Status: 400, Message: "Tenant 5d2f does not exist."}, General, "the service refuses the requests", "check endpoint and cloud", source.Service},
		{"login service away", &source.SignInError{Err: errors.New("connection refused")}, "", "signing in fails", "nothing need be done unless it lasts", source.SignIn},
		{"disabled", &source.Error{Op: source.OpList, Status: 400, Code: "AF20023"}, General, "an administrator of the tenant or of the service disabled the subscription", "find out who", source.Subscribing},
		{"other tenant", &source.Error{Op: source.OpList, Status: 401, Code: "AF20010"}, General, "the token is for another tenant", "check tenant_id", source.Service},
		{"unknown refusal", &source.Error{Op: source.OpList, Status: 404}, General, "the service refuses the requests", "check endpoint and cloud", source.Service},
		{"internal error", &source.Error{Op: source.OpList, Status: 500}, General, "requests fail", "nothing need be done unless it lasts", source.Service},
		{"network", errors.New("connection refused"), General, "the service can't be reached", "check network", source.Service},
		{"foreign host", &transport.OriginError{}, General, "the service names addresses elsewhere", "check endpoint", source.Service},
		{"login", &source.SignInError{Err: unknownUser{}}, "", "the tenant has no such user", "log in as another", source.SignIn},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := new(Client).Explain(fmt.Errorf("around: %w", tt.err), tt.t, "1234")
			if !strings.HasPrefix(got.What, tt.what) || !strings.HasPrefix(got.Do, tt.do) || got.Detail == "" || got.Topic != tt.topic {
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
