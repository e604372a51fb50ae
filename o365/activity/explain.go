package activity

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// Explanation is an error in plain words.
type Explanation struct {
	What   string // is wrong
	Do     string // to mend it: a command, a portal step, or that nothing need be done
	Detail string // what the service said
}

var known = map[string]Explanation{
	"AF20010": {What: "the token is for another tenant", Do: "check tenant_id"},
	"AF20011": {What: "the tenant does not exist", Do: "check tenant_id and cloud"},
	"AF20012": {What: "the tenant is not set up for this API", Do: "check cloud, and that auditing is on"},
	"AF20013": {What: "tenant_id is not a GUID", Do: "check tenant_id"},
	"AF20020": {What: "the content type does not exist in this cloud", Do: "check content_types"},
	"AF20022": {What: "there is no subscription", Do: "set subscribe on, or start it"},
	"AF20023": {What: "an administrator of the tenant or of the service disabled the subscription",
		Do: "find out who; with subscribe on it is started again, 15 minutes after the last start at the earliest"},
}

// Explain says in plain words what an error of a call means. t is the content
// type it was about, "" for the tenant; app is the application's id, for
// commands, "" if it is not known.
func Explain(err error, t ContentType, app string) Explanation {
	var login interface {
		Explain() (what, do, detail string)
	}
	if errors.As(err, &login) {
		what, do, detail := login.Explain()
		return Explanation{what, do, detail}
	}
	x := Explanation{What: "requests fail", Do: "nothing need be done unless it lasts: it is tried again, and Microsoft keeps content for 7 days"}
	var e *Error
	var foreign *transport.OriginError
	var signIn *SignInError
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &signIn):
		x.What = "signing in fails"
	case errors.As(err, &foreign):
		x = Explanation{What: "the service names addresses elsewhere, which get no token", Do: "check endpoint; if it is right, report it"}
	case errors.As(err, &untrusted):
		x = Explanation{What: "the service's certificate is not trusted", Do: "if a proxy or a private cloud signs the connection, put its root certificate into ca_file"}
	case !errors.As(err, &e):
		x.What = "the service can't be reached"
		x.Do = "check network, DNS, firewall and proxy if it lasts; it is tried again, and Microsoft keeps content for 7 days"
	case AuditingOff(err):
		x = Explanation{What: "auditing is off in this tenant",
			Do: `run "Set-AdminAuditLogConfig -UnifiedAuditLogIngestionEnabled $true" in Exchange Online PowerShell; it takes up to 60 minutes, and after that up to 12 hours until the first content`}
	case known[e.Code].What != "":
		x = known[e.Code]
	case Unpermitted(err):
		x = MissingPermission(t, app)
	case Decide(err) == Configure:
		x = Explanation{What: "the service refuses the requests", Do: "check endpoint and cloud; if they are right, report it"}
	}
	x.Detail = err.Error()
	return x
}

// AuditingOff reports whether the tenant records nothing. Microsoft has no
// code for it ("Troubleshooting the Office 365 Management Activity API").
func AuditingOff(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Op == OpStart && strings.Contains(e.Message, "does not exist") && strings.Contains(e.Message, "Tenant")
}

// Unpermitted reports whether the app lacks a permission.
func Unpermitted(err error) bool {
	var e *Error
	if !errors.As(err, &e) || known[e.Code].What != "" || Decide(err) == Throttle {
		return false
	}
	return e.Code == "AF10001" || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
}

// Permission returns the one that a content type needs.
func Permission(t ContentType) string {
	if t == DLP {
		return "ActivityFeed.ReadDlp"
	}
	return "ActivityFeed.Read"
}

// The ids of the API and of its application permissions, which are the same
// in every tenant (az ad sp show --id c5393580-f805-4401-95e8-94b7a6ef2fc2).
const apiID = "c5393580-f805-4401-95e8-94b7a6ef2fc2"

var roleIDs = map[string]string{
	"ActivityFeed.Read":    "594c1fb6-4f81-4475-ae41-0c394909246c",
	"ActivityFeed.ReadDlp": "4807a72c-ad38-4250-94c9-4eabfe26cd55",
}

// MissingPermission explains that the app may not read a content type.
func MissingPermission(t ContentType, app string) Explanation {
	permission := Permission(t)
	x := Explanation{What: "the app may not read the audit log (" + permission + " is missing)"}
	if t == DLP {
		x.What = "the app may not read DLP events (" + permission + " is missing)"
	}
	if app == "" {
		app = "APPLICATION"
	}
	x.Do = fmt.Sprintf(`run "az ad app permission add --id %[1]s --api %[2]s --api-permissions %[3]s=Role" and "az ad app permission admin-consent --id %[1]s", `+
		"or in Entra ID, App registrations, API permissions add the application permission Office 365 Management APIs / %[4]s and grant admin consent", app, apiID, roleIDs[permission], permission)
	return x
}
