package delivery

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Since implements [collector.Ledger]. It waits for the disk, once per stream, before
// anything is collected.
func (t *Tenant) Since(s source.Stream, first time.Time) time.Time {
	d := t.delivery
	since, err := d.ledger.Since(s, first)
	if err != nil {
		d.committer.collectedSince(s, first) // which retries, and reports the error
	}
	d.committer.advance(s)
	return since
}

// Progress implements [collector.Ledger].
func (t *Tenant) Progress(s source.Stream, id string) ledger.Progress {
	return t.delivery.ledger.Progress(s, id)
}

// Completed implements [collector.Ledger].
func (t *Tenant) Completed(s source.Stream) []source.Span { return t.delivery.ledger.Completed(s) }

// Gaps implements [collector.Ledger].
func (t *Tenant) Gaps(s source.Stream) []ledger.Gap { return t.delivery.ledger.Gaps(s) }

// Complete implements [collector.Ledger].
func (t *Tenant) Complete(s source.Stream, span source.Span) {
	t.delivery.committer.complete(s, span)
}

// Retract implements [collector.Ledger].
func (t *Tenant) Retract(s source.Stream, after time.Time) { t.delivery.committer.retract(s, after) }

// Lost implements [collector.Ledger]: it writes a gap, counts it, and queues a health
// record of it.
func (t *Tenant) Lost(g ledger.Gap) {
	g.Reason = t.delivery.secrets.Text(g.Reason, sanitize.MaxText)
	metrics := t.metrics.Stream(g.Stream.ContentType)
	metrics.Gaps.Add(1)
	metrics.GapSeconds.Add(int(g.Span.To.Sub(g.Span.From).Seconds()))
	t.delivery.committer.lost(g)
	t.delivery.Report(health.Event{
		Time: g.Found, Kind: health.Gap, Tenant: g.Stream.Tenant, ContentType: g.Stream.ContentType,
		From: g.Span.From, To: g.Span.To, Reason: g.Reason,
	})
}
