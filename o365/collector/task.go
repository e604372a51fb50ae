package collector

import (
	"context"
	"errors"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// task is one request to the source, and of a download the reading of its content.
type task struct {
	kind    taskKind
	stream  *stream   // of all but listSubscriptions
	listing *listing  // of listPage
	item    *item     // of downloadItem
	sent    time.Time // by this machine's clock
}

// urgent reports whether the task must not wait for a backfill.
func (t *task) urgent() bool {
	switch t.kind {
	case listPage:
		return t.listing.latest
	case downloadItem:
		return t.item.latest
	}
	return true
}

type taskKind int

const (
	listSubscriptions taskKind = iota
	startSubscription
	listPage
	downloadItem
)

// result is the outcome of a task.
type result struct {
	task
	subscriptions []source.Subscription // of listSubscriptions
	listedAt      time.Time             // of the subscriptions, by the service's clock
	started       bool                  // of startSubscription: it was off
	page          source.Page           // of listPage
	err           error
	mistake       any // what the task panicked with; nil: it did not
}

// date is the answer's date by the service's clock; zero: it had none.
func (r result) date() time.Time {
	if e := apiError(r.err); e != nil {
		return e.Date
	}
	if r.kind == listSubscriptions {
		return r.listedAt
	}
	return r.page.Date
}

// do carries out a task. If that panics, it is for Run to panic, whose caller can take
// it: here it would end the process.
func (c *Collector) do(ctx context.Context, t *task) (r result) {
	r.task = *t
	defer func() { r.mistake = recover() }()
	switch t.kind {
	case listSubscriptions:
		r.subscriptions, r.listedAt, r.err = c.source.(source.Subscriber).Subscriptions(ctx)
	case startSubscription:
		r.started, r.err = c.source.(source.Subscriber).Start(ctx, t.stream.id.ContentType)
	case listPage:
		l, id := t.listing, t.stream.id
		want := source.Want{Most: c.state.cfg.MostEntries, New: func(contentID string) bool { return !c.state.ledger.Progress(id, contentID).Done }}
		r.page, r.err = c.source.List(ctx, id.ContentType, source.Span{From: l.requestFrom, To: l.span.To}, l.next, want)
	case downloadItem:
		r.err = c.download(ctx, t.item)
	}
	return r
}

func (c *Collector) download(ctx context.Context, i *item) error {
	release, err := c.sink.Room(ctx)
	if err != nil {
		return err
	}
	defer release()
	body, err := c.source.Open(ctx, i.content)
	if err != nil {
		return err
	}
	defer body.Close()
	return i.delivery.Deliver(ctx, body)
}

// apiError returns the service's refusal in err; nil: it is another error.
func apiError(err error) *source.Error {
	var e *source.Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
