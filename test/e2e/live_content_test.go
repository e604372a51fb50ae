package e2e

import (
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// Content that comes while the host runs, much of it listed late and some of
// it twice.
func TestLive(t *testing.T) {
	t.Parallel()
	inEachAtOnce(t, func(t *testing.T, p program) {
		opt := api.Options{
			Seed: 14, Blobs: 10, Back: 30 * time.Minute, Records: 40, Duplicates: 5,
			Live: 2 * time.Second, LiveBlobs: 2, SameTime: 2, Late: 30, LateBy: sized(8*time.Second, 25*time.Second),
		}
		s := newService(t, opt)
		pipe := newPipeline(t, p, s)
		pipe.start()
		time.Sleep(sized(25*time.Second, 3*time.Minute))
		s.StopLive()
		time.Sleep(opt.LateBy)
		pipe.finish(0)
	})
}
