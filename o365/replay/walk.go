package replay

import (
	"context"
	"iter"
)

// walk yields the objects of all hours, in the order of time. It ends early with ctx.
func (r *Replay) walk(ctx context.Context, p plan) iter.Seq[object] {
	return func(yield func(object) bool) {
		for _, h := range p.hours {
			r.progress.reached(h)
			if !r.walkHour(ctx, h, yield) {
				return
			}
		}
	}
}

// walkHour reports whether to go on. An hour that has become shorter may be in a folder
// that is no longer mounted.
func (r *Replay) walkHour(ctx context.Context, h hour, yield func(object) bool) bool {
	after, found, checked := "", 0, false
	for {
		before := found
		for o, err := range r.objects(ctx, h.stream, folder(h.stream, h.at), after) {
			if err != nil || !yield(o) {
				return false
			}
			found++
			after = o.name
		}
		if found >= h.objects {
			return true
		}
		if checked && found == before {
			r.loseRemoved(h, h.objects-found)
			return true
		}
		there := func() error { return r.lists(ctx, streamFolder(h.stream), "", true) }
		err := there()
		if err != nil && r.storage.wait(ctx, err, there) != nil {
			return false
		}
		checked = err == nil
	}
}
