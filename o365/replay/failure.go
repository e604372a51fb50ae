package replay

import (
	"context"
	"errors"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

const (
	// mostAttempts is how often an object is read before it is lost, and firstPause the
	// pause after the first time; the others double.
	mostAttempts = 4
	firstPause   = time.Second
	// mostRefused is how many objects in a row the storage may refuse before that is no
	// longer a matter of single objects.
	mostRefused = 20
)

// action is what to do about an object that could not be read.
type action int

const (
	again action = iota // read it again after a pause
	await               // wait for the storage first
	lose                // it is lost to the replay
)

// decide returns what to do after an object could not be read for the nth time. works is
// whether the storage can be used, by works.
func decide(n int, works bool) (do action, pause time.Duration) {
	switch {
	case !works:
		return await, 0
	case n >= mostAttempts:
		return lose, 0
	}
	return again, firstPause << (n - 1)
}

// works returns the error of the storage when an object was refused. One that refuses
// object after object works when it has this one.
func (r *Replay) works(ctx context.Context, o object, refusal error) error {
	switch {
	case errors.Is(refusal, storage.ErrNotFound): // or what was mounted is not there
		return r.lists(ctx, streamFolder(o.stream), "", true)
	case r.refused.Load() < mostRefused:
		return r.lists(ctx, folder(o.stream, o.Hour), "", false)
	}
	body, _, err := r.config.Store.Get(ctx, o.name)
	if err != nil {
		return err
	}
	return body.Close()
}

// explain returns what is wrong with an object that is lost, and what to do about it.
func explain(refusal error) (what, do string) {
	var e *storage.Error
	switch {
	case refusal == nil:
		return "it is damaged; what could be read of it is delivered", "restore it from a copy and replay its hour again"
	case errors.Is(refusal, storage.ErrNotFound):
		return "it was removed from the archive meanwhile", "restore it and replay its hour again"
	case errors.As(refusal, &e) && e.Do != "":
		return e.What, e.Do + ", and replay its hour again"
	}
	return "it can't be read", "look at the storage, and replay its hour again"
}
