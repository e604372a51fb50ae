package o365

import (
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/collector"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/outbox"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// pipe is what stands behind the collector of one tenant: it takes blobs to
// the outbox, and news to the ledger.
type pipe struct {
	tenant    string
	config    Config
	types     map[string]source.ContentType // by name
	outbox    *outbox.Outbox[receipt]
	ledger    *ledger.Ledger
	committer *committer
	metrics   *health.TenantMetrics
	log       health.Log
	secrets   *sanitize.Redactor
	report    func(health.Event)
	confirmed func(s source.Stream, contentID string)

	mu       sync.Mutex
	free     []*scratch
	reported map[string]time.Time // when it was logged last that Ids come again with other content, by content type
}

var (
	_ collector.Sink   = (*pipe)(nil)
	_ collector.Ledger = (*pipe)(nil)
)

// Since waits for the disk, once per stream, before anything is collected.
func (p *pipe) Since(s source.Stream, first time.Time) time.Time {
	since, err := p.ledger.Since(s, first)
	if err != nil {
		p.committer.collectedSince(s, first) // which goes on trying, and says so
	}
	p.committer.advance(s)
	return since
}

func (p *pipe) Progress(s source.Stream, contentID string) ledger.Progress {
	return p.ledger.Progress(s, contentID)
}

func (p *pipe) Completed(s source.Stream) []source.Span { return p.ledger.Completed(s) }

func (p *pipe) Gaps(s source.Stream) []ledger.Gap { return p.ledger.Gaps(s) }

func (p *pipe) Complete(s source.Stream, span source.Span) { p.committer.complete(s, span) }

func (p *pipe) Retract(s source.Stream, after time.Time) { p.committer.retract(s, after) }

// Lost remembers a gap and, with health_tag, emits a record of it.
func (p *pipe) Lost(g ledger.Gap) {
	g.Reason = p.secrets.Text(g.Reason, sanitize.MaxText)
	metrics := p.metrics.Stream(g.Stream.ContentType)
	metrics.Gaps.Add(1)
	metrics.GapSeconds.Add(int(g.Span.To.Sub(g.Span.From).Seconds()))
	p.committer.lost(g)
	p.report(health.Event{
		Time: g.Found, Kind: health.Gap, Tenant: g.Stream.Tenant, ContentType: g.Stream.ContentType,
		From: g.Span.From, To: g.Span.To, Reason: g.Reason,
	})
}
