package o365

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/archive"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/collector"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// Open starts collecting. Its errors are mistakes of configuration, or a state
// file that can't be used.
func Open(c Config, h Host) (*Input, error) {
	base, err := transport.New(transport.Options{
		Proxy:            c.Proxy,
		CAFile:           c.CAFile,
		HandshakeTimeout: c.RequestTimeout,
		Requests:         c.mostRequests(),
		Tenants:          len(c.Tenants),
	})
	if err != nil {
		return nil, err
	}
	return open(c, h, base, sources())
}

// open is Open with a transport and with the sources that there are.
func open(c Config, h Host, base *http.Transport, offers []offer) (*Input, error) {
	secrets := c.secrets()
	h.Log = h.Log.Redacted(secrets)
	in := &Input{log: h.Log, transport: base, metrics: metrics.New(c.Tenants, c.ContentTypes)}
	monitor := health.NewMonitor(in.metrics.StreamIDs(), secrets, h.Log, func(e health.Event) { in.reporter.changed(e) })
	a := assembly{Config: c, host: h, transport: base, secrets: secrets, monitor: monitor, metrics: in.metrics}
	var err error
	if in.archive, err = a.openArchive(in.running.Go); err != nil {
		return nil, err
	}
	replayed, err := a.openReplayed()
	if err != nil {
		return nil, err
	}
	var tenants []*tenant
	for _, name := range c.Tenants {
		t, err := a.tenant(name, offers)
		if err != nil {
			return nil, err
		}
		if err := a.openSources(t, offers); err != nil {
			return nil, err
		}
		if in.archive != nil {
			t.archive(in.archive, in.metrics)
		}
		tenants = append(tenants, t)
	}
	alerts, err := newAlerts(c, h, tenants[0].types(), secrets, monitor.Snapshot)
	if err != nil {
		return nil, err
	}
	book, err := openLedger(c, tenants[0].types(), in.metrics.EarliestNow, h.Log)
	if err != nil {
		return nil, err
	}
	switch {
	case replayed != nil:
		if err := a.checkReplayLedger(book); err != nil {
			return nil, err
		}
	case c.DB == "":
		h.Log.Infof("no db is set: what was delivered is forgotten at the end, and every start looks back %s again", c.Lookback)
	}
	config := c.delivery()
	if in.archive != nil {
		config.CopyMemory = archive.Memory
	}
	config.Ready = h.Ready
	if alerts != nil {
		config.OnGap = alerts.Gap
	}
	in.delivery = delivery.New(config, book, monitor, in.metrics, secrets, h.Log)
	in.reporter = newReporter(in.delivery, book, monitor, in.metrics, h.Log, time.Now())
	in.reporter.replays = replayed != nil
	ctx, cancel := context.WithCancel(context.Background())
	in.cancel = cancel
	in.running.Go(func() { h.Log.Contain("reporting conditions", func() { monitor.Run(ctx) }) })
	in.running.Go(func() { h.Log.Contain("the periodic checks", func() { in.reporter.run(ctx) }) })
	if alerts != nil {
		in.running.Go(func() { h.Log.Contain("mail", func() { alerts.Run(ctx) }) })
	}
	if replayed != nil {
		in.replay = a.replay(replayed, tenants, in.delivery)
		in.running.Go(func() { collect(ctx, "", in.replay, monitor) })
		return in, nil
	}
	for _, t := range tenants {
		sink := in.delivery.Tenant(t.name, t.types())
		for _, s := range t.sources {
			col := a.collector(t, s, sink)
			in.running.Go(func() { collect(ctx, t.name, col, monitor) })
		}
	}
	return in, nil
}

// assembly is what the parts of an input are made of.
type assembly struct {
	Config
	host      Host
	transport *http.Transport
	secrets   *sanitize.Redactor
	monitor   *health.Monitor
	metrics   *metrics.Set
}

// tenant is what is there for one before anything is collected.
type tenant struct {
	name    string
	login   *tokenCheck
	budget  *collector.Budget
	sources []openSource
}

// openSource is one of a tenant, with the content types that are wanted of it.
type openSource struct {
	source.Source
	types []source.ContentType
}

// archive lets an archive keep the content of all sources.
func (t *tenant) archive(a *archive.Archive, m *metrics.Set) {
	for i, s := range t.sources {
		t.sources[i].Source = a.Source(t.name, s.Source, m.Tenant(t.name))
	}
}

// types are those of all sources.
func (t *tenant) types() []source.ContentType {
	var all []source.ContentType
	for _, s := range t.sources {
		all = append(all, s.types...)
	}
	return all
}

// tenant returns the login and the budget of a tenant. A replay needs neither.
func (a *assembly) tenant(name string, offers []offer) (*tenant, error) {
	if a.ReplayURL != "" {
		return &tenant{name: name}, nil
	}
	metrics := a.metrics.Tenant(name)
	t := &tenant{name: name, budget: a.host.Shared.budget(a.Endpoint, name, a.RequestsPerMinute)}
	t.login = &tokenCheck{
		monitor: a.monitor, log: a.host.Log, tenant: source.Stream{Tenant: name},
		offers: offers, contentTypes: a.ContentTypes, app: a.Login.ClientID,
	}
	login := a.Login
	login.TenantID, login.Secrets = name, a.secrets
	login.HTTP = &http.Client{Transport: a.transport, Timeout: a.RequestTimeout}
	login.OnFallback = t.login.onFallback
	login.Observe = func(err error) { count(metrics, source.OpToken, err) }
	var err error
	if t.login.source, err = identity.New(login); err != nil {
		return nil, err
	}
	metrics.RequestsPerMinute = t.budget.PerMinute
	metrics.TokenExpiry = t.login.source.Expiry
	metrics.CredentialExpiry = t.login.source.CertificateExpiry
	return t, nil
}

// openSources opens those of which content is wanted. Of a replay, it is only their
// content types that are used.
func (a *assembly) openSources(t *tenant, offers []offer) error {
	for _, o := range offers {
		types := wanted(o.types, a.ContentTypes)
		if len(types) == 0 {
			continue
		}
		if a.ReplayURL != "" {
			t.sources = append(t.sources, openSource{types: types})
			continue
		}
		s, err := o.open(a, t.name, t.login)
		if err != nil {
			return err
		}
		t.sources = append(t.sources, openSource{s, types})
	}
	return nil
}

// wanted returns the types of these names, in the order of the names.
func wanted(types []source.ContentType, names []string) []source.ContentType {
	var found []source.ContentType
	for _, name := range names {
		for _, t := range types {
			if t.Name == name {
				found = append(found, t)
			}
		}
	}
	return found
}

// collector returns what collects from a source of a tenant.
func (a *assembly) collector(t *tenant, s openSource, sink *delivery.Tenant) *collector.Collector {
	return collector.New(collector.Config{
		Tenant:       t.name,
		ContentTypes: s.types,
		Subscribe:    a.Subscribe,
		Lookback:     a.Lookback,
		PollInterval: a.PollInterval,
		Concurrency:  a.Concurrency,
		MostEntries:  a.mostEntries(),
		Metrics:      a.metrics.Tenant(t.name),
		App:          t.login.App,
	}, s.Source, sink, sink, t.budget, a.monitor, a.host.Log)
}

// collect runs the collector of a tenant, or the replay of all. A mistake in it stops it
// alone.
func collect(ctx context.Context, tenant string, col interface{ Run(context.Context) }, monitor *health.Monitor) {
	defer func() {
		if p := recover(); p != nil {
			monitor.Set(source.Stream{Tenant: tenant}, health.Stopped, health.Failing, health.Cause{
				What: "collecting has stopped by a mistake in the plugin", Do: "restart Fluent Bit, and please report it", Detail: fmt.Sprint(p),
			})
		}
	}()
	col.Run(ctx)
}

// lockWait is how long Open waits for a ledger that is in use: the input that a hot
// reload replaces may be closing it.
const lockWait = 2 * time.Second

func openLedger(c Config, types []source.ContentType, now func() time.Time, log logging.Logger) (*ledger.Ledger, error) {
	remember := ledger.Options{Retention: make(map[string]time.Duration), DedupWindow: c.DedupWindow, Log: log, Now: now}
	for _, t := range types {
		remember.Retention[t.Name] = t.Retention
	}
	if c.Dedup {
		remember.DedupMax = c.DedupMax
	}
	deadline := time.Now().Add(lockWait)
	for {
		book, err := ledger.Open(c.DB, remember)
		if !errors.Is(err, ledger.ErrLocked) || time.Now().After(deadline) {
			return book, err
		}
		time.Sleep(lockWait / 20)
	}
}

// count counts a request that has ended, unless we broke it off ourselves.
func count(m *metrics.Tenant, op source.Op, err error) {
	if !errors.Is(err, context.Canceled) {
		m.Requested(op, source.Outcomes(err)...)
	}
}
