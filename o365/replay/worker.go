package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/archive"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/collector"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// rememberFor is how long the ledger remembers what was replayed, so that a replay that
// was broken off goes on. It is the longest time that the ledger allows.
const rememberFor = 30 * 24 * time.Hour

// worker reads one object after the other.
type worker struct {
	*Replay
	content content
}

// errOutside is of content of the span's first or last hour that is not in the span.
var errOutside = errors.New("outside of the span")

// replay reads an object until it is queued or lost, or ctx ends.
func (w *worker) replay(ctx context.Context, o object) {
	if w.config.Sinks[o.stream.Tenant].Progress(o.stream, o.id).Done {
		<-w.open
		return
	}
	var d collector.Delivery
	for n := 1; ; {
		refusal, err := w.read(ctx, o, &d)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil || errors.Is(err, errOutside):
			w.refused.Store(0)
			if err != nil {
				w.finish(o)
			}
			return
		}
		w.log.Debugf("replay: %s: attempt %d: %v", o.name, n, err)
		w.config.Metrics.Stream(o.stream.Tenant, o.stream.ContentType).Retries.Add(1)
		works := refusal == nil || w.works(ctx, o, refusal) == nil
		switch do, pause := decide(n, works); do {
		case again:
			n++
			if !sleep(ctx, pause) {
				return
			}
		case await:
			if w.storage.wait(ctx, refusal, func() error { return w.works(ctx, o, refusal) }) != nil {
				return
			}
		case lose:
			w.lose(o, d, refusal, err)
			return
		}
	}
}

// read reads an object once. Its first error is that of the storage, the second one that
// of the reading.
func (w *worker) read(ctx context.Context, o object, d *collector.Delivery) (refusal, _ error) {
	sink := w.config.Sinks[o.stream.Tenant]
	release, err := sink.Room(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	body, info, err := w.config.Store.Get(ctx, o.name)
	if err != nil {
		return err, err
	}
	defer body.Close()
	created, known := archive.Created(info.Metadata)
	switch {
	case !known:
		created = o.Hour
	case !within(w.config.Span, created):
		return nil, errOutside
	}
	if *d == nil {
		item := source.Item{ContentType: o.stream.ContentType, ID: o.id, Created: created, Expires: time.Now().Add(rememberFor)}
		*d = sink.Announce(item, func() { w.deliveredOne(o, *d) })
		w.config.Metrics.Stream(o.stream.Tenant, o.stream.ContentType).Pending.Add(1)
	}
	from := &stored{Reader: body}
	json, err := w.content.open(from, o.Format)
	if err == nil {
		err = (*d).Deliver(ctx, &counted{json, &w.progress.json})
	}
	return from.err, err
}

// within reports whether a time is in a span, which may lack bounds.
func within(s source.Span, at time.Time) bool {
	return !at.Before(s.From) && (s.To.IsZero() || at.Before(s.To))
}

// deliveredOne notes that the ledger has all of an object.
func (w *worker) deliveredOne(o object, d collector.Delivery) {
	d.Forget()
	w.takeBackGap(o.stream, "object "+o.id)
	w.config.Metrics.Stream(o.stream.Tenant, o.stream.ContentType).Pending.Add(-1)
	w.finish(o)
}

// finish notes that nothing is left to do for an object.
func (w *worker) finish(o object) {
	w.progress.finish(o)
	<-w.open
}

// lose gives an object up.
func (w *worker) lose(o object, d collector.Delivery, refusal, err error) {
	if refusal != nil && !errors.Is(refusal, storage.ErrNotFound) {
		w.refused.Add(1)
	}
	what, do := explain(refusal)
	w.log.Errorf("%s %s: lost to the replay: object %s: %s: %s (%v)", o.stream.Tenant, o.stream.ContentType, o.name, what, do, err)
	w.addGap(o.stream, source.Span{From: o.Hour, To: o.Hour.Add(time.Second)}, "object "+o.id, what)
	metrics := w.config.Metrics.Stream(o.stream.Tenant, o.stream.ContentType)
	metrics.Lost.Add(1)
	if d != nil {
		d.Forget()
		metrics.Pending.Add(-1)
	}
	w.progress.lost.Add(1)
	w.finish(o)
}

// loseRemoved gives objects up that an hour had when it was surveyed.
func (r *Replay) loseRemoved(h hour, n int) {
	r.log.Errorf("%s %s: lost to the replay: %d objects of %s: they were removed from the archive meanwhile: restore them and replay their hour again",
		h.stream.Tenant, h.stream.ContentType, n, folder(h.stream, h.at))
	r.addGap(h.stream, source.Span{From: h.at, To: h.at.Add(time.Hour)}, fmt.Sprintf("%d objects of %s", n, h.at.Format("2006-01-02T15Z")), "they were removed")
	r.config.Metrics.Stream(h.stream.Tenant, h.stream.ContentType).Lost.Add(n)
	r.progress.lost.Add(int64(n))
	r.progress.streams[h.stream].done.Add(int64(n))
}

// counted counts the bytes that are read.
type counted struct {
	io.Reader
	bytes *atomic.Int64
}

// Read implements [io.Reader].
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}
