package o365

import (
	"net/http"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// offer is a source that there is.
type offer struct {
	types []source.ContentType
	// open returns the source of a tenant. It makes no request.
	open func(a *assembly, tenant string, tokens source.Tokens) (source.Source, error)
	// missing explains that the application lacks the permission for one of the types.
	missing func(contentType, app, doubt string) source.Explanation
}

// sources are all that there are: a new one is a folder below o365/source, a line
// here, and its content types among the values of the option content_types.
func sources() []offer {
	return []offer{
		{activity.ContentTypes(), openActivity, activity.MissingPermission},
	}
}

// openActivity returns the Management Activity API of a tenant.
func openActivity(a *assembly, tenant string, tokens source.Tokens) (source.Source, error) {
	metrics := a.metrics.Tenant(tenant)
	return activity.New(activity.Options{
		Endpoint:  a.Endpoint,
		Tenant:    tenant,
		Publisher: orElse(a.PublisherID, tenant),
		Tokens:    tokens,
		HTTP:      &http.Client{Transport: transport.Trace{Next: a.transport, Logf: a.host.Log.Debugf}},
		Timeout:   a.RequestTimeout,
		Observe:   func(op source.Op, err error) { count(metrics, op, err) },
	})
}
