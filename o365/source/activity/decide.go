package activity

import (
	"errors"
	"net/http"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// Decide implements [source.Source].
func (*Client) Decide(err error) source.Action { return decide(err) }

func decide(err error) source.Action {
	if err == nil {
		return source.Done
	}
	var cause interface{ Configuration() bool }
	if errors.As(err, &cause) && cause.Configuration() {
		return source.Configure
	}
	var foreign *transport.OriginError
	if errors.As(err, &foreign) {
		return source.Configure
	}
	var e *source.Error
	if !errors.As(err, &e) {
		return source.Retry // network, or an answer that broke off
	}
	if known, ok := codes[e.Code]; ok {
		return known.action
	}
	switch elsewhere := errors.As(err, new(*intercepted)); {
	case throttles(e):
		return source.Throttle
	case elsewhere && e.Op == source.OpDownload:
		return source.Retry // that the item is gone, or refused, is not the service's word
	case e.Status == http.StatusNotFound && e.Op == source.OpDownload:
		return source.Absent
	case e.Status == http.StatusGone && e.Op == source.OpDownload:
		return source.Lost
	case e.Status == http.StatusRequestTimeout, e.Status >= 500, e.Status < 300:
		return source.Retry
	}
	return source.Configure
}

// throttles reports whether an answer without a code says that there were too many
// requests.
func throttles(e *source.Error) bool {
	return e.Status == http.StatusTooManyRequests ||
		e.Status == http.StatusForbidden && strings.Contains(strings.ToLower(e.Message), "too many request")
}
