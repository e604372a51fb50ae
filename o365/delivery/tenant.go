package delivery

import (
	"context"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/collector"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Tenant delivers the items of one tenant, and is the ledger of its collector. It is
// safe for concurrent use.
type Tenant struct {
	name     string
	delivery *Delivery
	streams  map[string]*stream // by content type
	metrics  *metrics.Tenant

	mu   sync.Mutex
	idle []*scratch
}

// stream is what the items of one content type share.
type stream struct {
	source.Stream
	kind    source.ContentType
	lane    *lane
	metrics *metrics.Stream

	// Guarded by Tenant.mu.
	gaps            []ledger.Gap // those of the ledger, and those to be written
	conflictsLogged time.Time    // see Tenant.logsConflicts
}

var (
	_ collector.Sink   = (*Tenant)(nil)
	_ collector.Ledger = (*Tenant)(nil)
)

// Tenant returns the part of a tenant that delivers these content types. It must be
// called once for each tenant.
func (d *Delivery) Tenant(name string, types []source.ContentType) *Tenant {
	t := &Tenant{name: name, delivery: d, streams: make(map[string]*stream), metrics: d.metrics.Tenant(name)}
	for _, kind := range types {
		id, tag := source.Stream{Tenant: name, ContentType: kind.Name}, ""
		if d.config.TagPrefix != "" {
			tag = d.config.TagPrefix + "." + kind.Tag
		}
		t.streams[kind.Name] = &stream{Stream: id, kind: kind, lane: d.queue.lane(id, tag), metrics: t.metrics.Stream(kind.Name), gaps: d.ledger.Gaps(id)}
	}
	return t
}

// Announce implements [collector.Sink].
func (t *Tenant) Announce(i source.Item, delivered func()) collector.Delivery {
	d, st := t.delivery, t.streams[i.ContentType]
	d.queue.account(ItemRoom)
	return &item{
		Item: i, tenant: t, delivery: d, stream: st,
		delivered: delivered, known: d.ledger.Progress(st.Stream, i.ID).Records,
	}
}

// Room implements [collector.Sink]: it waits for the memory of a download.
func (t *Tenant) Room(ctx context.Context) (release func(), err error) {
	return t.delivery.queue.reserve(ctx, downloadBytes+t.delivery.config.CopyMemory, t.delivery.config.Downloads)
}
