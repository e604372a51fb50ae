package delivery

import (
	"slices"
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

// Gaps implements [collector.Ledger]. Those that are still to be written are among
// them.
func (t *Tenant) Gaps(s source.Stream) []ledger.Gap {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.streams[s.ContentType].gaps)
}

// Complete implements [collector.Ledger].
func (t *Tenant) Complete(s source.Stream, span source.Span) {
	t.delivery.committer.complete(s, span)
}

// Retract implements [collector.Ledger].
func (t *Tenant) Retract(s source.Stream, after time.Time) { t.delivery.committer.retract(s, after) }

// Lost implements [collector.Ledger]: it writes a gap, counts it, and queues a health
// record of it. Of its time only what is in no other gap is counted.
func (t *Tenant) Lost(g ledger.Gap) {
	g.Reason = t.delivery.secrets.Text(g.Reason, sanitize.MaxText)
	st := t.streams[g.Stream.ContentType]
	t.mu.Lock()
	before := lostTime(st.gaps)
	st.gaps = append(st.gaps, g)
	lost := lostTime(st.gaps) - before
	t.mu.Unlock()
	st.metrics.Gaps.Add(1)
	st.metrics.GapSeconds.Add(int(lost.Seconds()))
	t.delivery.committer.lost(g)
	e := gapEvent(health.Gap, g, g.Found)
	t.delivery.Report(e)
	t.delivery.notifyGap(e)
}

// TakeBack implements [collector.Ledger]: it removes a gap but for what is left of it,
// counts what was taken back, logs it, and queues a health record of it.
func (t *Tenant) TakeBack(g ledger.Gap, rest ...ledger.Gap) {
	st := t.streams[g.Stream.ContentType]
	t.mu.Lock()
	before := lostTime(st.gaps)
	st.gaps = append(slices.DeleteFunc(st.gaps, func(known ledger.Gap) bool { return known.Span == g.Span && known.Reason == g.Reason }), rest...)
	recovered := before - lostTime(st.gaps)
	parts := g.Span.Without(spansOf(st.gaps)...)
	t.mu.Unlock()
	if len(rest) == 0 {
		st.metrics.GapsRecovered.Add(1)
	}
	st.metrics.GapSecondsRecovered.Add(int(recovered.Seconds()))
	t.delivery.committer.takeBack(g, rest)
	t.delivery.log.Warnf("%s %s: recovered: content of %s to %s was delivered after all, or part of it (%s)",
		g.Stream.Tenant, g.Stream.ContentType, g.Span.From.Format(time.RFC3339), g.Span.To.Format(time.RFC3339), g.Reason)
	e := gapEvent(health.Recovery, g, t.metrics.Clock.Now())
	t.delivery.Report(e)
	for _, part := range parts {
		e.From, e.To = part.From, part.To
		t.delivery.notifyGap(e)
	}
}

func (d *Delivery) notifyGap(e health.Event) {
	if d.config.OnGap != nil {
		d.config.OnGap(e)
	}
}

func gapEvent(kind health.Kind, g ledger.Gap, at time.Time) health.Event {
	return health.Event{
		Time: at, Kind: kind, Tenant: g.Stream.Tenant, ContentType: g.Stream.ContentType,
		From: g.Span.From, To: g.Span.To, Reason: g.Reason,
	}
}

// lostTime is how much time is in at least one of the gaps.
func lostTime(gaps []ledger.Gap) (sum time.Duration) {
	spans := spansOf(gaps)
	slices.SortFunc(spans, func(a, b source.Span) int { return a.From.Compare(b.From) })
	var end time.Time
	for _, s := range spans {
		if s.From.Before(end) {
			s.From = end
		}
		if s.From.Before(s.To) {
			sum, end = sum+s.To.Sub(s.From), s.To
		}
	}
	return sum
}

func spansOf(gaps []ledger.Gap) []source.Span {
	spans := make([]source.Span, len(gaps))
	for i, g := range gaps {
		spans[i] = g.Span
	}
	return spans
}
