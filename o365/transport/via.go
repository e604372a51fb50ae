package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// A ViaError is a request without an answer in time that went through a proxy, which
// may be why. Its text has no credentials.
type ViaError struct {
	Proxy  string // scheme, host and port
	Option string // where the proxy is set
	Err    error
}

func (e *ViaError) Error() string {
	text := e.Err.Error()
	if errors.Is(e.Err, context.DeadlineExceeded) {
		text = "no answer in time"
	}
	return fmt.Sprintf("%s, through the proxy %s", text, e.Proxy)
}

// Unwrap returns the cause.
func (e *ViaError) Unwrap() error { return e.Err }

// Explain returns in plain words what is wrong and what to do about it, with the text
// of the error as the detail.
func (e *ViaError) Explain() (what, do, detail string) {
	return "no answer comes through the proxy in time",
		"check the proxy " + e.Proxy + " (" + setting(e.Option) + ") and its way to the service if it lasts; it is tried again, and Microsoft keeps content for 7 days", e.Error()
}

// setting is where a proxy is set, for messages.
func setting(set string) string {
	if set == environment {
		return "the environment variable " + set
	}
	return "the option " + set
}

// via returns the error of a request that had no answer in time: a [ViaError] if it
// goes through a proxy.
func (way *route) via(err error) error {
	way.mu.Lock()
	defer way.mu.Unlock()
	if way.proxy == nil {
		return err
	}
	return &ViaError{Proxy: nameOf(way.proxy), Option: way.option, Err: err}
}

// LetThrough returns what to do when something else answers in place of a host, by a
// proxy and where that is set; both are "" if there is none.
func LetThrough(host, proxy, set string) string {
	if proxy == "" {
		return "let " + host + " through at every proxy and firewall on the way (the option " + option.Proxy + ", or " + environment + ")"
	}
	return "let " + host + " through at the proxy " + proxy + " (" + setting(set) + ") and at every firewall"
}

// ProxyOf returns the proxy through which an answer came, without credentials, and
// where it is set; both are "" if there was none.
func ProxyOf(resp *http.Response) (proxy, set string) {
	if resp == nil || resp.Request == nil {
		return "", ""
	}
	way, ok := resp.Request.Context().Value(routeKey{}).(*route)
	if !ok {
		return "", ""
	}
	way.mu.Lock()
	defer way.mu.Unlock()
	if way.proxy == nil {
		return "", ""
	}
	return nameOf(way.proxy), way.option
}
