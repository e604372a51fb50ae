package collector

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// ledgerModel is a ledger and a sink in memory; it outlives collectors as a file does.
type ledgerModel struct {
	mu               sync.Mutex
	since            map[source.Stream]time.Time
	delivered        map[string]time.Time // content id → when
	deliveredTwice   []string
	completed        map[source.Stream][]source.Span
	gaps             []ledger.Gap
	takenBack        int
	announced        int                           // items
	pending          map[string]source.Item        // announced and not delivered, by content id
	untrue           []string                      // spans that were completed without an item of theirs
	roomTaken        int                           // downloads
	acknowledgeDelay time.Duration                 // from Deliver to delivered
	downloadTime     func(id string) time.Duration // of an item
	notKept          func(id string) error         // why there is no copy; nil: none is asked for
}

func newLedgerModel() *ledgerModel {
	return &ledgerModel{since: map[source.Stream]time.Time{}, delivered: map[string]time.Time{}, completed: map[source.Stream][]source.Span{}, pending: map[string]source.Item{}}
}

// deliveredAt is when an item was delivered; zero: it is not.
func (b *ledgerModel) deliveredAt(id string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.delivered[id]
}

func (b *ledgerModel) Since(s source.Stream, first time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.since[s]; !ok {
		b.since[s] = first
	}
	return b.since[s]
}

func (b *ledgerModel) Progress(_ source.Stream, id string) ledger.Progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, done := b.delivered[id]
	return ledger.Progress{Done: done}
}

func (b *ledgerModel) Completed(s source.Stream) []source.Span {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.completed[s])
}

func (b *ledgerModel) Gaps(s source.Stream) []ledger.Gap {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.gaps), func(g ledger.Gap) bool { return g.Stream != s })
}

func (b *ledgerModel) Complete(s source.Stream, span source.Span) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, i := range b.pending {
		at := wholeSecond(i.Created)
		if i.ContentType == s.ContentType && !at.Before(span.From) && at.Before(span.To) &&
			!slices.ContainsFunc(b.gaps, func(g ledger.Gap) bool { return gapOfItem(g, i.ID) }) {
			b.untrue = append(b.untrue, fmt.Sprintf("%v without %s", span, i.ID))
		}
	}
	spans := append(b.completed[s], span)
	slices.SortFunc(spans, func(a, b source.Span) int { return a.From.Compare(b.From) })
	merged := spans[:1]
	for _, span := range spans[1:] {
		last := &merged[len(merged)-1]
		switch {
		case span.From.After(last.To):
			merged = append(merged, span)
		case span.To.After(last.To):
			last.To = span.To
		}
	}
	b.completed[s] = merged
}

func (b *ledgerModel) Retract(s source.Stream, after time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.completed[s] = ledger.Before(b.completed[s], after)
}

func (b *ledgerModel) Lost(g ledger.Gap) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gaps = append(b.gaps, g)
}

func (b *ledgerModel) TakeBack(g ledger.Gap, rest ...ledger.Gap) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gaps = append(slices.DeleteFunc(b.gaps, func(known ledger.Gap) bool { return known.Span == g.Span && known.Reason == g.Reason }), rest...)
	b.takenBack++
}

func (b *ledgerModel) Announce(i source.Item, delivered func()) Delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.announced++
	if _, again := b.delivered[i.ID]; !again {
		b.pending[i.ID] = i
	}
	return &deliveryModel{ledger: b, id: i.ID, delivered: delivered}
}

func (b *ledgerModel) Room(ctx context.Context) (func(), error) {
	b.takeRoom(1)
	return func() { b.takeRoom(-1) }, ctx.Err()
}

func (b *ledgerModel) takeRoom(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.roomTaken += n
}

type deliveryModel struct {
	ledger    *ledgerModel
	id        string
	delivered func()
}

func (p *deliveryModel) Forget() {}

func (p *deliveryModel) Settle() { p.acknowledge(context.Background()) }

func (p *deliveryModel) Deliver(ctx context.Context, r io.Reader) error {
	if _, err := io.ReadAll(r); err != nil {
		return err
	}
	b := p.ledger
	if b.downloadTime != nil {
		select {
		case <-time.After(b.downloadTime(p.id)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if b.notKept != nil {
		if err := b.notKept(p.id); err != nil {
			return err
		}
	}
	p.acknowledge(ctx)
	return nil
}

func (p *deliveryModel) acknowledge(ctx context.Context) {
	b := p.ledger
	go func() {
		select {
		case <-time.After(b.acknowledgeDelay):
		case <-ctx.Done(): // a crash: never acknowledged
			return
		}
		b.mu.Lock()
		if _, again := b.delivered[p.id]; again {
			b.deliveredTwice = append(b.deliveredTwice, p.id)
		}
		b.delivered[p.id] = time.Now()
		delete(b.pending, p.id)
		b.mu.Unlock()
		p.delivered()
	}()
}

// check asserts that all items are delivered, none of them twice, without a gap, that
// no span was complete before, and that what downloads took is given back.
func (b *ledgerModel) check(t *testing.T, s *service) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	lost := 0
	for _, item := range s.items {
		if _, ok := b.delivered[item.ID]; !ok {
			lost++
			if lost < 5 {
				t.Errorf("lost: item %s of %s, listed %s", item.ID, item.Created, item.listed)
			}
		}
	}
	if len(b.untrue) > 0 || b.roomTaken > 0 || s.bodies > 0 {
		t.Errorf("%d spans completed too early, such as %q; room of %d downloads taken, %d bodies open", len(b.untrue), b.untrue[:min(1, len(b.untrue))], b.roomTaken, s.bodies)
	}
	if s.longestWindow == 24*time.Hour && s.tooLongWindows > 0 {
		t.Errorf("%d windows were too long", s.tooLongWindows)
	}
	if lost > 0 || len(b.deliveredTwice) > 0 || len(b.gaps) > 0 {
		t.Errorf("of %d items %d lost, %d twice, gaps reported: %v", len(s.items), lost, len(b.deliveredTwice), b.gaps)
	}
}
