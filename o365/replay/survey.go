package replay

import (
	"context"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/archive"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// plan is what a span of the archive has.
type plan struct {
	hours   []hour // in the order of time; those whose time is unknown are last
	undated bool   // there is content of unknown time, which a span with bounds leaves out
}

// hour is one hour of one stream.
type hour struct {
	at      time.Time // its start; zero if unknown
	stream  source.Stream
	objects int
}

// survey counts the objects of the span. Its error is that of ctx.
func (r *Replay) survey(ctx context.Context) (p plan, err error) {
	for _, s := range r.config.Streams {
		if err := r.surveyStream(ctx, s, &p); err != nil {
			return p, err
		}
	}
	slices.SortStableFunc(p.hours, func(a, b hour) int {
		if a.at.IsZero() || b.at.IsZero() {
			return b.at.Compare(a.at)
		}
		return a.at.Compare(b.at)
	})
	return p, nil
}

func (r *Replay) surveyStream(ctx context.Context, s source.Stream, p *plan) error {
	span, after := r.config.Span, ""
	if !span.From.IsZero() {
		after = strings.TrimSuffix(folder(s, span.From), "/")
	}
	for o, err := range r.objects(ctx, s, streamFolder(s), after) {
		if err != nil {
			return err
		}
		if bounded(span) && o.Hour.IsZero() || !span.To.IsZero() && !o.Hour.Before(span.To) {
			break
		}
		if n := len(p.hours); n == 0 || p.hours[n-1].stream != s || !p.hours[n-1].at.Equal(o.Hour) {
			p.hours = append(p.hours, hour{at: o.Hour, stream: s})
		}
		p.hours[len(p.hours)-1].objects++
		r.progress.found(o)
		if r.config.Sinks[s.Tenant].Progress(s, o.id).Done {
			r.progress.finish(o)
		}
	}
	if bounded(span) {
		for _, err := range r.objects(ctx, s, folder(s, time.Time{}), "") {
			p.undated = err == nil
			return err
		}
	}
	return nil
}

func bounded(s source.Span) bool { return !s.From.IsZero() || !s.To.IsZero() }

// object is an object of the archive.
type object struct {
	archive.Object
	name   string
	id     string // by which the ledger knows it
	size   int64  // bytes, compressed
	stream source.Stream
}

// objects lists objects with a prefix, behind a name. It waits while the storage is
// away. Its only error, which ends the list, is that of ctx.
func (r *Replay) objects(ctx context.Context, s source.Stream, prefix, after string) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		for {
			var failed error
			for info, err := range r.config.Store.List(ctx, prefix, after) {
				if err != nil {
					failed = err
					break
				}
				after = info.Name
				if o, ok := archive.Parse(info.Name); ok {
					if !yield(object{Object: o, name: info.Name, id: path.Base(info.Name), size: info.Size, stream: s}, nil) {
						return
					}
				}
			}
			if failed == nil {
				return
			}
			if err := r.storage.wait(ctx, failed, func() error { return r.lists(ctx, prefix, after, false) }); err != nil {
				yield(object{}, err)
				return
			}
		}
	}
}

// lists returns the error with which a listing begins; with some, it is one that there is
// no object.
func (r *Replay) lists(ctx context.Context, prefix, after string, some bool) error {
	for _, err := range r.config.Store.List(ctx, prefix, after) {
		return err
	}
	if some {
		return storage.ErrNotFound
	}
	return nil
}

// folder returns the prefix of the names of an hour's objects.
func folder(s source.Stream, at time.Time) string {
	content := source.Item{ContentType: s.ContentType, ID: "any", Created: at}
	return path.Dir(archive.Name(s.Tenant, content, archive.JSON, 1)) + "/"
}

// streamFolder returns the prefix of the names of all objects of a stream.
func streamFolder(s source.Stream) string {
	hour := strings.TrimSuffix(folder(s, time.Time{}), "/")
	return path.Dir(path.Dir(hour)) + "/"
}
