package o365

import (
	"net/http"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// newLogins returns what logs in to each tenant.
func newLogins(c Config, transport *http.Transport, secrets *sanitize.Redactor, board *health.Board, metrics *health.Metrics, log health.Log) ([]*preflight, error) {
	var logins []*preflight
	for _, tenant := range c.Tenants {
		numbers := metrics.Tenant(tenant)
		p := &preflight{board: board, log: log, config: c, tenant: source.Stream{Tenant: tenant}, app: c.Login.ClientID}
		login := c.Login
		login.TenantID, login.Secrets = tenant, secrets
		login.HTTP = &http.Client{Transport: transport, Timeout: c.RequestTimeout}
		login.Makeshift = p.makeshift
		login.Observe = func(err error) { count(numbers, source.OpToken, err) }
		var err error
		if p.source, err = identity.New(login); err != nil {
			return nil, err
		}
		logins = append(logins, p)
	}
	return logins, nil
}

// newClients returns one client of the API for each tenant.
func newClients(c Config, transport *http.Transport, logins []*preflight, h Host, metrics *health.Metrics) ([]*activity.Client, error) {
	var clients []*activity.Client
	for i, tenant := range c.Tenants {
		numbers := metrics.Tenant(tenant)
		client, err := activity.New(activity.Options{
			Endpoint:  c.Endpoint,
			Tenant:    tenant,
			Publisher: orElse(c.PublisherID, tenant),
			Tokens:    logins[i],
			HTTP:      &http.Client{Transport: trace{transport, h.Log}},
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
