package activity

import "github.com/fluent-bit-o365/fluent-bit-o365/o365/source"

// code is the meaning of an error code of the API. A new code needs one line in codes
// and one in TestDecide.
type code struct {
	action source.Action
	topic  source.Topic
	what   string // what is wrong; empty: Explain derives it from action and status
	do     string // how to fix it
}

// codes are those of the "Office 365 Management Activity API reference", Errors, and
// those that other collectors handle (AF50005 and AF50006: Elastic's o365audit input).
var codes = map[string]code{
	"AF10001": {action: source.Configure}, // token lacks ActivityFeed.Read
	"AF20001": {action: source.Configure}, // parameter missing
	"AF20002": {action: source.Configure}, // parameter of a wrong type
	"AF20003": {action: source.Configure}, // webhook expiration in the past
	"AF20010": {action: source.Configure, what: "the token is for another tenant", do: "check tenant_id"},
	"AF20011": {action: source.Configure, what: "the tenant does not exist", do: "check tenant_id and cloud"},
	"AF20012": {action: source.Configure, what: "the tenant is not set up for this API", do: "check cloud, and that auditing is on"},
	"AF20013": {action: source.Configure, what: "tenant_id is not a GUID", do: "check tenant_id"},
	"AF20020": {action: source.Configure, what: "the content type does not exist in this cloud", do: "check content_types"},
	"AF20021": {action: source.Configure}, // webhook not validated
	"AF20022": {action: source.Subscribe, topic: source.Subscribing, what: "there is no subscription", do: "set subscribe on, or start it"},
	"AF20023": {action: source.Subscribe, topic: source.Subscribing,
		what: "an administrator of the tenant or of the service disabled the subscription",
		do:   "find out who; with subscribe on it is started again, 15 minutes after the last start at the earliest"},
	"AF20024": {action: source.Done},      // subscription already enabled
	"AF20030": {action: source.Clamp},     // window longer than 24 h or further back than 7 d
	"AF20055": {action: source.Clamp},     // the same, newer code
	"AF20031": {action: source.Relist},    // nextPage invalid
	"AF20050": {action: source.Absent},    // content does not exist
	"AF20051": {action: source.Lost},      // content expired
	"AF20052": {action: source.Lost},      // content id malformed
	"AF20053": {action: source.Configure}, // Accept-Language
	"AF20054": {action: source.Configure}, // Accept-Language
	"AF429":   {action: source.Throttle},  // comes with HTTP 403
	"AF50000": {action: source.Retry},     // internal error
	"AF50005": {action: source.Retry},
	"AF50006": {action: source.Retry},
}
