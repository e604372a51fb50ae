package activity

import (
	"errors"
	"net/http"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// Action is what to do about the outcome of a call.
type Action int

// The actions, from the reference's error table and what other collectors met.
const (
	// Done: there is nothing to do, the call has its effect.
	Done Action = iota
	// Retry the same call after a growing pause.
	Retry
	// Throttle: pause every call of the tenant, then go slower.
	Throttle
	// Subscribe: start the subscription, then retry.
	Subscribe
	// Relist: begin the listing again at its first page.
	Relist
	// Clamp: correct the clock by the answer's date, cut the window to what
	// the API allows, and retry.
	Clamp
	// Absent: the blob is not there; retry a few times, then it is lost.
	Absent
	// Lost: the blob can't be had any more.
	Lost
	// Configure: somebody must change something; retry slowly.
	Configure
)

func (a Action) String() string {
	return [...]string{"done", "retry", "throttle", "subscribe", "relist", "clamp", "absent", "lost", "configure"}[a]
}

var actions = map[string]Action{
	"AF10001": Configure, // token lacks ActivityFeed.Read
	"AF20001": Configure, // parameter missing
	"AF20002": Configure, // parameter of a wrong type
	"AF20003": Configure, // webhook expiration in the past
	"AF20010": Configure, // tenant of URL and token differ
	"AF20011": Configure, // tenant does not exist
	"AF20012": Configure, // tenant misconfigured
	"AF20013": Configure, // tenant id is no GUID
	"AF20020": Configure, // content type unknown
	"AF20021": Configure, // webhook not validated
	"AF20022": Subscribe, // no subscription
	"AF20023": Subscribe, // subscription disabled by an administrator
	"AF20024": Done,      // subscription already enabled
	"AF20030": Clamp,     // window longer than 24 h or further back than 7 d
	"AF20055": Clamp,     // the same, newer code
	"AF20031": Relist,    // nextPage invalid
	"AF20050": Absent,    // content does not exist
	"AF20051": Lost,      // content expired
	"AF20052": Lost,      // content id malformed
	"AF20053": Configure, // Accept-Language
	"AF20054": Configure, // Accept-Language
	"AF429":   Throttle,  // comes with HTTP 403
	"AF50000": Retry,     // internal error
	"AF50005": Retry,
	"AF50006": Retry,
}

// Decide says what to do about the error of a call. It is a pure function of
// the error.
func Decide(err error) Action {
	if err == nil {
		return Done
	}
	var cause interface{ Configuration() bool }
	if errors.As(err, &cause) && cause.Configuration() {
		return Configure
	}
	var foreign *transport.OriginError
	if errors.As(err, &foreign) {
		return Configure
	}
	var e *Error
	if !errors.As(err, &e) {
		return Retry // network, or an answer that broke off
	}
	if a, ok := actions[e.Code]; ok {
		return a
	}
	switch {
	case e.Status == http.StatusTooManyRequests,
		e.Status == http.StatusForbidden && strings.Contains(strings.ToLower(e.Message), "too many request"):
		return Throttle
	case e.Status == http.StatusNotFound && e.Op == OpBlob:
		return Absent
	case e.Status == http.StatusGone && e.Op == OpBlob:
		return Lost
	case e.Status == http.StatusRequestTimeout, e.Status >= 500, e.Status < 300:
		return Retry
	}
	return Configure
}
