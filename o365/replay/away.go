package replay

import (
	"context"
	"errors"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// away lets all who need the storage wait until it can be used.
type away struct {
	turn    chan struct{} // of the one who tries it; has room for one
	monitor Monitor
}

// wait returns when works returns nil, which it calls again and again. Its only error is
// that of ctx.
func (a *away) wait(ctx context.Context, err error, works func() error) error {
	if !enter(ctx, a.turn) {
		return ctx.Err()
	}
	defer func() { <-a.turn }()
	said := false
	for pause := storage.FirstPause; ; pause = min(2*pause, storage.LongestPause) {
		if works() == nil && ctx.Err() == nil {
			break
		}
		said = true
		a.monitor.Set(source.Stream{}, health.Archive, health.Failing, cause(err))
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
	if said {
		a.monitor.Clear(source.Stream{}, health.Archive)
	}
	return nil
}

// cause explains why the archive cannot be read.
func cause(err error) health.Cause {
	c := health.Cause{What: "the archive can't be read", Detail: err.Error()}
	if e := (*storage.Error)(nil); errors.As(err, &e) {
		c.What, c.Do = c.What+": "+e.What, e.Do
	}
	if c.Do == "" {
		c.Do = "nothing, unless it lasts: the replay goes on when it can be read again"
	}
	return c
}
