package e2e

import (
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
)

// A blob of any size costs a bounded amount of memory.
func TestLargeBlob(t *testing.T) {
	const most = 64 << 20
	size := sized[int64](30<<20, 100<<20)
	inEach(t, func(t *testing.T, p program) {
		peak := func(blobs int) int64 {
			s := newService(t, cloud.Options{Seed: 4, Types: []string{cloud.Exchange}, Blobs: blobs, Large: blobs, LargeSize: size})
			pipe := newPipeline(t, p, s)
			pipe.set("content_types", cloud.Exchange)
			pipe.start()
			if blobs == 0 {
				if !pipe.process.says("subscription started", 1, 10*time.Second) {
					t.Fatal(pipe.process.tail())
				}
				time.Sleep(3 * time.Second)
				return pipe.process.peak()
			}
			pipe.complete(sized(time.Minute, 3*time.Minute))
			if r := pipe.report(); !r.OK() {
				t.Errorf("%v", r)
			}
			return pipe.process.peak()
		}
		idle, busy := peak(0), peak(1)
		t.Logf("a blob of %d MB: resident size %.1f MB, idle %.1f MB", size>>20, float64(busy)/(1<<20), float64(idle)/(1<<20))
		if busy-idle > most {
			t.Errorf("the resident size has grown by %d MB", (busy-idle)>>20)
		}
	})
}
