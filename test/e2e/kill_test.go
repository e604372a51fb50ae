package e2e

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// hurried are faults that pass in a moment: throttling, which makes a client
// wait for five seconds, would leave short lives nothing to do.
func hurried(share float64) []api.Fault {
	var faults []api.Fault
	for _, f := range api.Flaky(share * 11 / 9) { // nine of eleven kinds stay
		if f.Kind != "429" && f.Kind != api.Throttle {
			faults = append(faults, f)
		}
	}
	return faults
}

// repeats is how much may be delivered again, in bytes of JSON, when a host is
// killed so many times: what was on its way. Records are up to a half longer in JSON
// than in MessagePack.
func repeats(kills, unstored int) int { return kills * unstored * 3 / 2 }

// TestKill kills the host again and again, at any moment of a backfill with
// faults, late blobs and duplicates.
func TestKill(t *testing.T) {
	t.Parallel()
	const unstored = 160 << 10
	tests := []struct {
		name  string
		seed  uint64
		kills int
	}{
		{"a", 9, sized(60, 150)},
		{"b", 10, sized(60, 150)},
		{"c", 11, sized(60, 150)},
		{"d", 12, sized(60, 150)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in(t, hosts[0], func(t *testing.T, p program) {
				opt := api.Options{
					Seed: test.seed, Blobs: test.kills, Records: 40, Duplicates: 5, Late: 20, LateBy: 15 * time.Second,
					SameTime: 2, PageSize: 20, Live: time.Second, Latency: 20 * time.Millisecond,
					Faults: append(hurried(0.1), slowly(3*time.Millisecond)),
				}
				s := newService(t, opt)
				if test.seed%2 == 0 {
					must(t, s.SpeakHTTP1())
				}
				pipe := newPipeline(t, p, s)
				pipe.set("batch_size", "32k")
				pipe.set("unstored_max", strconv.Itoa(unstored))
				pipe.set("queue_size", "256k")
				pipe.flags = append(pipe.flags, "-drain-ms", "50")
				random := rand.New(rand.NewPCG(test.seed, 1))
				during := pipe.killing(test.kills, func() time.Duration {
					return time.Duration(100+random.IntN(800)) * time.Millisecond
				})
				if during < test.kills*3/4 {
					t.Errorf("only %d of %d kills struck while there was something to do", during, test.kills)
				}
				s.StopLive()
				time.Sleep(opt.LateBy)
				pipe.finish(repeats(test.kills, unstored))
			})
		})
	}
}

// killing kills the pipeline so many times and returns how many of the kills
// came before it was complete.
func (p *pipeline) killing(kills int, life func() time.Duration) (during int) {
	p.t.Helper()
	for range kills {
		p.start()
		time.Sleep(life())
		if !p.process.Running() {
			p.t.Fatalf("ended by itself; %s", p.process.LogTail())
		}
		p.process.Kill()
		if !p.sink.complete() {
			during++
		}
	}
	return during
}

// TestKillFluentBit is the same in Fluent Bit. There an output that is at work
// repeats chunks of its own after a kill, of up to 2 MB and a batch; so first the
// outputs get nothing until the end, and the chunks show what the input repeats.
func TestKillFluentBit(t *testing.T) {
	t.Parallel()
	const batch, unstored = 64 << 10, 4 << 20 // the defaults
	tests := []struct {
		name   string
		flush  string // while it is killed
		repeat int    // bytes
	}{
		{"stored", "3600", unstored},
		{"delivered", "1", unstored + 2<<20 + batch},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in(t, hosts[1], func(t *testing.T, p program) {
				kills, records := sized(10, 30), sized(50, 200)
				opt := api.Options{
					Seed: 13, Blobs: 60, Records: records, Duplicates: 5, Late: 20, LateBy: 15 * time.Second,
					Faults: append(api.Flaky(0.1), slowly(time.Second/time.Duration(records))),
				}
				s := newService(t, opt)
				pipe := newPipeline(t, p, s)
				pipe.service["flush"] = test.flush
				random := rand.New(rand.NewPCG(13, 1))
				during := pipe.killing(kills, func() time.Duration {
					return time.Duration(500+random.IntN(2000)) * time.Millisecond
				})
				t.Logf("%d of %d kills struck while there was something to do", during, kills)
				pipe.service["flush"] = "0.2"
				time.Sleep(opt.LateBy)
				pipe.finish(repeats(kills, test.repeat))
			})
		})
	}
}

// slowly makes every blob take its time, with a pause after each record.
func slowly(pause time.Duration) api.Fault {
	return api.Fault{Kind: api.Slow, Op: "audit", Delay: api.Duration{Duration: pause}}
}
