package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// told is a monitor that notes what it is told.
type told []string

func (t *told) Set(_ source.Stream, c health.Condition, severity health.State, cause health.Cause) {
	*t = append(*t, fmt.Sprintf("%v %s: %s", c, severity, cause.What))
}

func (t *told) Clear(_ source.Stream, c ...health.Condition) {
	*t = append(*t, fmt.Sprintf("%v over", c[0]))
}

func (*told) Listed(source.Stream) {}

// Storage that is away is tried after pauses that double up to two minutes, and its
// trouble is told while it lasts.
func TestPausesWhileStorageIsAway(t *testing.T) {
	seconds := []int{0, 5, 15, 35, 75, 155, 275, 395, 515}
	for fails := range seconds {
		synctest.Test(t, func(t *testing.T) {
			var monitor told
			a := away{turn: make(chan struct{}, 1), monitor: &monitor}
			begun := time.Now()
			var at []int
			err := a.wait(t.Context(), errAway, func() error {
				if at = append(at, int(time.Since(begun).Seconds())); len(at) <= fails {
					return errAway
				}
				return nil
			})
			if err != nil || !slices.Equal(at, seconds[:fails+1]) || len(a.turn) != 0 {
				t.Errorf("%v; it was tried after %v seconds, want %v", err, at, seconds[:fails+1])
			}
			want := slices.Repeat([]string{fmt.Sprintf("%v %s: the archive can't be read: no answer", health.Archive, health.Failing)}, fails)
			if fails > 0 {
				want = append(want, fmt.Sprintf("%v over", health.Archive))
			}
			if !slices.Equal(monitor, want) {
				t.Errorf("told %q, want %q", monitor, want)
			}
		})
	}
}

// The wait for storage ends with its context, and leaves the turn to others.
func TestWaitForStorageEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var monitor told
		a := away{turn: make(chan struct{}, 1), monitor: &monitor}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for range 2 {
			if err := a.wait(ctx, errAway, func() error { return errAway }); !errors.Is(err, context.DeadlineExceeded) || len(a.turn) != 0 {
				t.Errorf("%v, %d turns are taken", err, len(a.turn))
			}
		}
	})
}

// An archive that cannot be read always has a remedy.
func TestCause(t *testing.T) {
	const nothing = "nothing, unless it lasts: the replay goes on when it can be read again"
	for _, tt := range []struct {
		err error
		do  string
	}{{errAway, errAway.Do}, {fmt.Errorf("list: %w", errAway), errAway.Do}, {&storage.Error{What: "no answer"}, nothing}, {errors.New("x"), nothing}} {
		if got := cause(tt.err); got.Do != tt.do || got.Detail != tt.err.Error() {
			t.Errorf("%v: %+v", tt.err, got)
		}
	}
}
