package activity

import (
	"errors"
	"net/http"
	"strings"
)

var remedies = map[string]string{
	"AF20010": "the token is for another tenant: check tenant_id",
	"AF20011": "the tenant does not exist: check tenant_id and cloud",
	"AF20012": "the tenant is not set up for this API: check cloud, and that auditing is on",
	"AF20013": "tenant_id is not a GUID",
	"AF20020": "the content type does not exist in this cloud: check content_types",
	"AF20022": "there is no subscription: set subscribe on, or start it",
	"AF20023": "the subscription was disabled by an administrator of the tenant or of the service: ask who did it; it is started again after 15 minutes",
}

// Remedy says in plain words what mends the error; "" where nothing is known
// beyond the error itself. Permission and auditing come without a usable code.
func Remedy(err error, t ContentType) string {
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	if e.Op == OpStart && strings.Contains(e.Message, "does not exist") && strings.Contains(e.Message, "Tenant") {
		return "auditing is off in this tenant: run \"Set-AdminAuditLogConfig -UnifiedAuditLogIngestionEnabled $true\" in Exchange Online PowerShell; it takes up to 60 minutes"
	}
	if r := remedies[e.Code]; r != "" {
		return r
	}
	if e.Code == "AF10001" || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden {
		what, permission := "the audit log", "ActivityFeed.Read"
		if t == DLP {
			what, permission = "DLP events", "ActivityFeed.ReadDlp"
		}
		return "the app may not read " + what + ": add the application permission \"Office 365 Management APIs / " + permission + "\" and grant admin consent"
	}
	return ""
}
