package activity

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// intercepted is the error of an answer that something else gave in the service's
// place: a proxy, a firewall, a captive portal (Azure/azure-cli#14812).
type intercepted struct {
	op         source.Op
	page       bool          // it is a web page
	host       string        // that was asked
	proxy, set string        // the proxy in use and where it is set; "" if none
	refusal    *source.Error // nil: the status is one of success
}

// atGateway are the statuses with which something on the way refuses a request. The
// service itself answers them with JSON.
var atGateway = map[int]bool{
	http.StatusForbidden: true, http.StatusProxyAuthRequired: true, http.StatusBadGateway: true, http.StatusServiceUnavailable: true,
}

func newIntercepted(op source.Op, resp *http.Response, refusal *source.Error, page bool) *intercepted {
	e := &intercepted{op: op, page: page, refusal: refusal}
	if resp.Request != nil {
		e.host = sanitize.Text(resp.Request.URL.Host, sanitize.MaxText)
	}
	e.proxy, e.set = transport.ProxyOf(resp)
	if refusal != nil {
		refusal.Date = time.Time{} // it is not the service's
	}
	return e
}

func (e *intercepted) Error() string {
	text := fmt.Sprintf("%s: answer", e.op)
	if e.refusal != nil {
		text = e.refusal.Error()
	}
	if e.page {
		return text + ": a web page came instead of JSON: is a proxy or a firewall between?"
	}
	return text + ": is a proxy or a firewall between?"
}

// Unwrap returns the refusal.
func (e *intercepted) Unwrap() error {
	if e.refusal == nil {
		return nil
	}
	return e.refusal
}

// explain returns what is wrong and how to fix it.
func (e *intercepted) explain() (what, do string) {
	what = "something else answers in place of the service"
	if e.page {
		what = "a web page answers in place of the service"
	}
	do = transport.LetThrough(e.host, e.proxy, e.set)
	switch {
	case e.refusal != nil && e.refusal.Status == http.StatusProxyAuthRequired:
		return "a proxy on the way asks for a user and a password", "exempt this machine from authentication there, or name that proxy with USER:PASSWORD in the option proxy; " + do
	case decide(e) == source.Retry:
		do = "if it lasts, " + do + "; it is tried again, and Microsoft keeps content for 7 days"
	}
	return what, do
}

// interceptedOf returns the intercepted answer in err, or nil.
func interceptedOf(err error) *intercepted {
	var e *intercepted
	if errors.As(err, &e) {
		return e
	}
	return nil
}
