package activity

import (
	"crypto/tls"
	"errors"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// Explain implements [source.Source].
func (c *Client) Explain(err error, contentType, app string) source.Explanation {
	var known interface {
		Explain() (what, do, detail string)
	}
	var signIn *source.SignInError
	if errors.As(err, &known) {
		what, do, detail := known.Explain()
		x := source.Explanation{What: what, Do: do, Detail: detail}
		if errors.As(err, &signIn) {
			x.Topic = source.SignIn
		}
		return x
	}
	x := source.Explanation{What: "requests fail", Do: "nothing need be done unless it lasts: it is tried again, and Microsoft keeps content for 7 days"}
	var e *source.Error
	var foreign *transport.OriginError
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &signIn):
		x.Topic, x.What = source.SignIn, "signing in fails"
	case errors.As(err, &foreign):
		x = source.Explanation{What: "the service names addresses elsewhere, which get no token", Do: "check endpoint; if it is right, report it"}
	case errors.As(err, &untrusted):
		x = source.Explanation{What: "the service's certificate is not trusted", Do: "if a proxy or a private cloud signs the connection, put its root certificate into ca_file"}
	case interceptedOf(err) != nil:
		x.What, x.Do = interceptedOf(err).explain()
	case errors.As(err, new(*unusable)), errors.Is(err, elements.ErrNotArray):
		x.What = "the answers are not those of the service"
		x.Do = "search for a proxy or a firewall that answers in Microsoft's place if it lasts; it is tried again, and Microsoft keeps content for 7 days"
	case !errors.As(err, &e):
		x.What = "the service can't be reached"
		x.Do = "check network, DNS, firewall and proxy if it lasts; it is tried again, and Microsoft keeps content for 7 days"
	case auditingOff(err):
		x = source.Explanation{Topic: source.Auditing, What: "auditing is off in this tenant",
			Do: `run "Set-AdminAuditLogConfig -UnifiedAuditLogIngestionEnabled $true" in Exchange Online PowerShell; it takes up to 60 minutes, and after that up to 12 hours until the first content`}
	case codes[e.Code].what != "":
		known := codes[e.Code]
		x = source.Explanation{Topic: known.topic, What: known.what, Do: known.do}
	case unpermitted(err) && c.permitted(contentType):
		x = source.Explanation{What: "the service refuses the requests, though the token holds the permission (" + permissionOf(contentType) + ")",
			Do: "if it was granted within the last hour, wait; else check cloud, endpoint and publisher_id; if they are right, report it to Microsoft"}
	case unpermitted(err):
		x = c.missingPermission(contentType, app)
	case decide(err) == source.Configure:
		x = source.Explanation{What: "the service refuses the requests", Do: "check endpoint and cloud; if they are right, report it"}
	}
	x.Detail = err.Error()
	return x
}

// auditingOff reports whether auditing is off in the tenant. The answer has no code for
// it ("Troubleshooting the Office 365 Management Activity API").
func auditingOff(err error) bool {
	var e *source.Error
	return errors.As(err, &e) && e.Op == source.OpStart && strings.Contains(e.Message, "does not exist") && strings.Contains(e.Message, "Tenant")
}
