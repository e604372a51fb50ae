package collector

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

const tenant = "contoso"

// retention is that of the service.
const retention = 7 * 24 * time.Hour

// contentTypes are those of the names.
func contentTypes(names ...string) []source.ContentType {
	var types []source.ContentType
	for _, c := range activity.ContentTypes() {
		if slices.Contains(names, c.Name) {
			types = append(types, c)
		}
	}
	return types
}

func config(change func(*Config)) Config {
	cfg := Config{
		Tenant: tenant, ContentTypes: contentTypes(activity.Exchange, activity.SharePoint),
		Subscribe: true, Lookback: retention, PollInterval: time.Minute, Concurrency: 4,
	}
	if change != nil {
		change(&cfg)
	}
	return cfg
}

// collect runs a collector in the background until the returned function is
// called.
func collect(s *service, b *ledgerModel, l *logLines, change func(*Config)) (stop func()) {
	return collectUnder(s, b, l, NewBudget(2000), change)
}

// collectUnder is collect with a budget.
func collectUnder(s *service, b *ledgerModel, l *logLines, budget *Budget, change func(*Config)) (stop func()) {
	cfg := config(change)
	var streams []source.Stream
	for _, t := range cfg.ContentTypes {
		streams = append(streams, source.Stream{Tenant: tenant, ContentType: t.Name})
	}
	monitor := health.NewMonitor(streams, nil, l.log, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var telling sync.WaitGroup
	telling.Go(func() { monitor.Run(ctx) })
	halt := collectWith(s, b, monitor, budget, l, change)
	return func() {
		halt()
		cancel()
		telling.Wait()
	}
}

// collectWith is collect with a monitor.
func collectWith(s source.Source, b *ledgerModel, monitor Monitor, budget *Budget, l *logLines, change func(*Config)) (stop func()) {
	col := New(config(change), s, b, b, budget, monitor, l.log)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { col.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// collectFrom is collect from another source.
func collectFrom(api source.Source, b *ledgerModel, r *monitorModel, change func(*Config)) (stop func()) {
	return collectWithin(2000, api, b, r, change)
}

// collectWithin is the same with another number of requests a minute.
func collectWithin(requests int, api source.Source, b *ledgerModel, r *monitorModel, change func(*Config)) (stop func()) {
	col := New(config(change), api, b, b, NewBudget(requests), r, new(logLines).log)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		col.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}
