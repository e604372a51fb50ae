package o365

import (
	"net/http"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// newTransport returns the transport of all requests of an input, those of the
// login included.
func newTransport(c Config) (*http.Transport, error) {
	return transport.New(transport.Options{
		Proxy:            c.Proxy,
		CAFile:           c.CAFile,
		HandshakeTimeout: c.RequestTimeout,
		Requests:         c.mostRequests(),
		Tenants:          len(c.Tenants),
	})
}

// newLogins returns the login of each tenant.
func newLogins(c Config, base *http.Transport, secrets *sanitize.Redactor, board *health.Board, metrics *health.Metrics, log health.Log) ([]*tokenCheck, error) {
	var logins []*tokenCheck
	for _, tenant := range c.Tenants {
		numbers := metrics.Tenant(tenant)
		check := &tokenCheck{board: board, log: log, tenant: source.Stream{Tenant: tenant}, contentTypes: c.contentTypes(), app: c.Login.ClientID}
		login := c.Login
		login.TenantID, login.Secrets = tenant, secrets
		login.HTTP = &http.Client{Transport: base, Timeout: c.RequestTimeout}
		login.OnFallback = check.onFallback
		login.Observe = func(err error) { count(numbers, source.OpToken, err) }
		var err error
		if check.source, err = identity.New(login); err != nil {
			return nil, err
		}
		logins = append(logins, check)
	}
	return logins, nil
}

// newClients returns the client of the API for each tenant.
func newClients(c Config, base *http.Transport, logins []*tokenCheck, h Host, metrics *health.Metrics) ([]*activity.Client, error) {
	var clients []*activity.Client
	for i, tenant := range c.Tenants {
		numbers := metrics.Tenant(tenant)
		client, err := activity.New(activity.Options{
			Endpoint:  c.Endpoint,
			Tenant:    tenant,
			Publisher: orElse(c.PublisherID, tenant),
			Tokens:    logins[i],
			HTTP:      &http.Client{Transport: transport.Trace{Next: base, Logf: h.Log.Debugf}},
			Timeout:   c.RequestTimeout,
			Observe:   func(op source.Op, err error) { count(numbers, op, err) },
		})
		if err != nil {
			return nil, err
		}
		numbers.Watch(health.TenantSources{
			RequestsPerMinute: h.Shared.budget(c.Endpoint, tenant, c.RequestsPerMinute).PerMinute,
			TokenExpiry:       logins[i].source.Expiry,
			CredentialExpiry:  logins[i].source.CertificateExpiry,
		})
		clients = append(clients, client)
	}
	return clients, nil
}
