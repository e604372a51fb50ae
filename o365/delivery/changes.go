package delivery

import (
	"maps"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// book is what the committer needs of a [ledger.Ledger].
type book interface {
	Since(s source.Stream, first time.Time) (time.Time, error)
	Confirm(ds []ledger.Delivery) error
	Retract(s source.Stream, after time.Time) error
	Complete(s source.Stream, spans ...source.Span) error
	AddGap(g ledger.Gap) error
	RemoveGaps(gs ...ledger.Gap) error
	Through(s source.Stream, now time.Time) time.Time
	Prune(now time.Time) error
	Close() error
}

// changes are what is to be written to the ledger.
type changes struct {
	deliveries []ledger.Delivery
	items      []*item // of the deliveries, one for one
	batches    int     // acknowledged ones that the changes are from
	spans      map[source.Stream][]source.Span
	retracted  map[source.Stream]time.Time // written before the spans
	removed    []ledger.Gap                // written before the gaps
	gaps       []ledger.Gap
	since      map[source.Stream]time.Time
}

// complete adds spans of which all content has been delivered.
func (p *changes) complete(s source.Stream, spans ...source.Span) {
	if p.spans == nil {
		p.spans = make(map[source.Stream][]source.Span)
	}
	p.spans[s] = append(p.spans[s], spans...)
}

// retract takes back the spans after a moment, those of earlier changes included.
func (p *changes) retract(s source.Stream, after time.Time) {
	if spans, ok := p.spans[s]; ok {
		p.spans[s] = ledger.Before(spans, after)
	}
	if p.retracted == nil {
		p.retracted = make(map[source.Stream]time.Time)
	}
	if earlier, ok := p.retracted[s]; !ok || after.Before(earlier) { // else the spans since then stay
		p.retracted[s] = after
	}
}

// takeBack removes a gap, which may be among those to be written.
func (p *changes) takeBack(g ledger.Gap) {
	p.gaps = slices.DeleteFunc(p.gaps, func(o ledger.Gap) bool { return o.Stream == g.Stream && o.Span == g.Span && o.Reason == g.Reason })
	p.removed = append(p.removed, g)
}

// take moves all changes of q behind those of p.
func (p *changes) take(q *changes) {
	p.deliveries = append(p.deliveries, q.deliveries...)
	p.items = append(p.items, q.items...)
	p.batches += q.batches
	for _, g := range q.removed {
		p.takeBack(g)
	}
	p.gaps = append(p.gaps, q.gaps...)
	for s, after := range q.retracted {
		p.retract(s, after)
	}
	for s, spans := range q.spans {
		p.complete(s, spans...)
	}
	if p.since == nil {
		p.since = q.since
	} else {
		maps.Copy(p.since, q.since)
	}
	*q = changes{}
}

// write writes the changes to the ledger, and forgets each one that it has written.
// After an error it can be called again. It calls written with each stream of which
// spans were written.
func (p *changes) write(l book, written func(source.Stream)) error {
	for s, first := range p.since {
		if _, err := l.Since(s, first); err != nil {
			return err
		}
		delete(p.since, s)
	}
	if len(p.deliveries) > 0 {
		if err := l.Confirm(p.deliveries); err != nil {
			return err
		}
		for i, d := range p.deliveries {
			p.items[i].committed(d)
		}
		p.deliveries, p.items = nil, nil
	}
	for s, after := range p.retracted {
		if err := l.Retract(s, after); err != nil {
			return err
		}
		delete(p.retracted, s)
		written(s)
	}
	for s, spans := range p.spans {
		if err := l.Complete(s, spans...); err != nil {
			return err
		}
		delete(p.spans, s)
		written(s)
	}
	if len(p.removed) > 0 {
		if err := l.RemoveGaps(p.removed...); err != nil {
			return err
		}
		for _, g := range p.removed {
			written(g.Stream)
		}
		p.removed = nil
	}
	for len(p.gaps) > 0 {
		if err := l.AddGap(p.gaps[0]); err != nil {
			return err
		}
		written(p.gaps[0].Stream)
		p.gaps = p.gaps[1:]
	}
	return nil
}
