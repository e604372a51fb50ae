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
			for o, err := range r.objects(ctx, h.stream, folder(h.stream, h.at), "") {
				if err != nil || !yield(o) {
					return
				}
			}
		}
	}
}
