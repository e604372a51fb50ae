package delivery

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/collector"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/record"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Tenant is what stands behind the collector of one tenant: it delivers items, and
// keeps the books.
type Tenant struct {
	*Delivery
	name    string
	streams map[string]*stream // by content type
	metrics *metrics.Tenant

	mu   sync.Mutex
	idle []*scratch
}

// stream is what items of one content type have in common.
type stream struct {
	source.Stream
	kind    source.ContentType
	lane    *lane
	metrics *metrics.Stream

	conflictsLogged time.Time // when it was logged last that Ids come again; guarded by Tenant.mu
}

var (
	_ collector.Sink   = (*Tenant)(nil)
	_ collector.Ledger = (*Tenant)(nil)
)

// Tenant returns the part of a tenant that delivers these content types. It is called
// once for each.
func (d *Delivery) Tenant(name string, types []source.ContentType) *Tenant {
	t := &Tenant{Delivery: d, name: name, streams: make(map[string]*stream), metrics: d.metrics.Tenant(name)}
	for _, kind := range types {
		id, tag := source.Stream{Tenant: name, ContentType: kind.Name}, ""
		if d.config.TagPrefix != "" {
			tag = d.config.TagPrefix + "." + kind.Tag
		}
		t.streams[kind.Name] = &stream{Stream: id, kind: kind, lane: d.queue.lane(id, tag), metrics: t.metrics.Stream(kind.Name)}
	}
	return t
}

// Room implements [collector.Sink].
func (t *Tenant) Room(ctx context.Context) (release func(), err error) {
	return t.queue.reserve(ctx, downloadRoom, t.config.Downloads)
}

// Announce implements [collector.Sink].
func (t *Tenant) Announce(i source.Item, delivered func()) collector.Delivery {
	t.queue.account(ItemRoom)
	st := t.streams[i.ContentType]
	return &item{Item: i, tenant: t, stream: st, delivered: delivered, known: t.ledger.Progress(st.Stream, i.ID).Records}
}

// Since implements [collector.Ledger]. It waits for the disk, once per stream, before
// anything is collected.
func (t *Tenant) Since(s source.Stream, first time.Time) time.Time {
	since, err := t.ledger.Since(s, first)
	if err != nil {
		t.committer.collectedSince(s, first) // which retries, and reports it
	}
	t.committer.advance(s)
	return since
}

// Progress implements [collector.Ledger].
func (t *Tenant) Progress(s source.Stream, id string) ledger.Progress {
	return t.ledger.Progress(s, id)
}

// Completed implements [collector.Ledger].
func (t *Tenant) Completed(s source.Stream) []source.Span { return t.ledger.Completed(s) }

// Gaps implements [collector.Ledger].
func (t *Tenant) Gaps(s source.Stream) []ledger.Gap { return t.ledger.Gaps(s) }

// Complete implements [collector.Ledger].
func (t *Tenant) Complete(s source.Stream, span source.Span) { t.committer.complete(s, span) }

// Retract implements [collector.Ledger].
func (t *Tenant) Retract(s source.Stream, after time.Time) { t.committer.retract(s, after) }

// Lost implements [collector.Ledger]: it remembers a gap, and reports it.
func (t *Tenant) Lost(g ledger.Gap) {
	g.Reason = t.secrets.Text(g.Reason, sanitize.MaxText)
	metrics := t.metrics.Stream(g.Stream.ContentType)
	metrics.Gaps.Add(1)
	metrics.GapSeconds.Add(int(g.Span.To.Sub(g.Span.From).Seconds()))
	t.committer.lost(g)
	t.Report(health.Event{
		Time: g.Found, Kind: health.Gap, Tenant: g.Stream.Tenant, ContentType: g.Stream.ContentType,
		From: g.Span.From, To: g.Span.To, Reason: g.Reason,
	})
}

// scratch is the memory that reading an item takes, whatever its size.
type scratch struct {
	decoder *record.Decoder
	events  []byte
	created []uint32
}

// scratch returns memory that another item has used, or new.
func (t *Tenant) scratch() *scratch {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.idle); n > 0 {
		s := t.idle[n-1]
		t.idle = t.idle[:n-1]
		return s
	}
	return &scratch{decoder: record.NewDecoder(nil, record.Options{Scope: strings.ToLower(t.name), MaxSize: t.config.RecordMax})}
}

// reuse keeps the memory for the next item, unless a huge record has blown it up.
func (t *Tenant) reuse(s *scratch) {
	if cap(s.events) > 4*pieceSize {
		return
	}
	s.decoder.Reset(record.Body{})
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle = append(t.idle, s)
}

// conflictInterval is how often it is logged of a content type that Ids come
// again with other content.
const conflictInterval = time.Hour

// logsConflicts reports whether it is time to log that Ids of a content type come
// again with other content.
func (t *Tenant) logsConflicts(st *stream) bool {
	if st.kind.SharedIDs {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Sub(st.conflictsLogged) < conflictInterval {
		return false
	}
	st.conflictsLogged = now
	return true
}
