package e2e

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// slow is a service whose backfill lasts for half a minute, unless its faults are taken
// from it.
func slow(seed uint64) api.Options {
	return api.Options{
		Seed: seed, Blobs: 24, Records: 40, Duplicates: 2, Latency: 150 * time.Millisecond,
		Faults: []api.Fault{slowly(50 * time.Millisecond)},
	}
}

// mostExit is how long a host may take to stop, whatever is under way, by rig.Stopwatch.
const mostExit = 2 * time.Second

// midway waits until a part of the backfill is stored.
func (p *pipeline) midway() {
	p.t.Helper()
	p.await("the first record", func() bool { p.read(); return p.lines > 0 })
	if p.sink.complete() {
		p.t.Fatalf("not in the middle of a backfill; %s", p.process.LogTail())
	}
}

// stopsAtOnce ends a life.
func (p *pipeline) stopsAtOnce() {
	p.t.Helper()
	watch := rig.StartStopwatch()
	p.stop()
	p.t.Logf("stopped after %v", watch.Elapsed())
	if free := watch.Free(); free > mostExit {
		p.t.Errorf("stopped after %v, in which the machine was not busy for %v; %s", watch.Elapsed(), free, p.process.LogTail())
	}
}

func TestStop(t *testing.T) {
	inEach(t, func(t *testing.T, p program) {
		s := newService(t, slow(5))
		pipe := newPipeline(t, p, s)
		pipe.start()
		pipe.midway()
		pipe.stopsAtOnce()
		if pipe.sink.complete() {
			t.Error("the backfill was over")
		}
		s.SetFaults()
		pipe.finish(0)
	})
}

// A host that has just been started stops as well, and so does one whose
// service does not answer.
func TestStopEarly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		faults []api.Fault
		after  time.Duration
	}{
		{name: "at once", after: 100 * time.Millisecond},
		{name: "requests hang", after: 2 * time.Second, faults: []api.Fault{{Kind: api.Hang}}},
		{name: "bodies hang", after: 2 * time.Second, faults: []api.Fault{{Kind: api.Stall, Op: "audit"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inEachAtOnce(t, func(t *testing.T, p program) {
				opt := slow(6)
				opt.Faults = test.faults
				s := newService(t, opt)
				pipe := newPipeline(t, p, s)
				pipe.start()
				time.Sleep(test.after)
				pipe.stopsAtOnce()
				s.SetFaults()
				pipe.finish(0)
			})
		})
	}
}

func TestReload(t *testing.T) {
	inEach(t, func(t *testing.T, p program) {
		s := newService(t, slow(7))
		pipe := newPipeline(t, p, s)
		pipe.start()
		pipe.midway()
		pipe.reload()
		s.SetFaults()
		pipe.finish(0)
	})
}

// reload makes the host reload and waits until it has. Fluent Bit refuses another
// reload while one is under way.
func (p *pipeline) reload() {
	p.t.Helper()
	p.reloading()()
}

// reloading asks the host to reload, and returns what waits until it has.
func (p *pipeline) reloading() (wait func()) {
	p.t.Helper()
	p.reloads++
	const stopped = "records of" // in the last line of an input that stops
	done := "[reload] start everything"
	if p.program.FluentBit {
		done = "[reload] successful reload done"
	}
	log := p.process.Log()
	stops, reloads := strings.Count(log, stopped), strings.Count(log, done)
	watch := rig.StartStopwatch()
	p.process.Reload()
	return func() {
		p.t.Helper()
		waitedFrom := watch.Elapsed() // long after the reload was asked for: that says nothing of the input
		err := p.process.AwaitLog(stopped, stops+1, patience)
		if free := watch.Free(); err == nil && waitedFrom < mostExit && free > mostExit+time.Second {
			p.t.Errorf("the input has stopped after %v, in which the machine was not busy for %v", watch.Elapsed(), free)
		}
		if err == nil {
			err = p.process.AwaitLog(done, reloads+1, patience)
		}
		if err != nil {
			p.t.Fatalf("no reload: %v; %s", err, p.process.LogTail())
		}
	}
}

// Many stops, with new content all the time and faults.
func TestRestarts(t *testing.T) {
	t.Parallel()
	times := sized(5, 30)
	tests := []struct {
		name  string
		again func(*pipeline)
	}{
		{"restart", func(p *pipeline) { p.stop(); p.start() }},
		{"reload", (*pipeline).reload},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inEachAtOnce(t, func(t *testing.T, p program) {
				opt := api.Options{
					Seed: 8, Blobs: sized(12, 60), Records: sized(50, 200), Duplicates: 5, Late: 20, LateBy: 5 * time.Second,
					Live: 500 * time.Millisecond, Latency: 50 * time.Millisecond, Faults: api.Flaky(0.05),
				}
				s := newService(t, opt)
				pipe := newPipeline(t, p, s)
				pipe.start()
				random := rand.New(rand.NewPCG(8, 8))
				for range times {
					time.Sleep(time.Duration(300+random.IntN(900)) * time.Millisecond)
					test.again(pipe)
				}
				s.StopLive()
				time.Sleep(opt.LateBy) // then the next start finds all that was listed late
				test.again(pipe)
				pipe.finish(0)
			})
		})
	}
}
