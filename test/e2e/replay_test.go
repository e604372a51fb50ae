package e2e

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// An archive is replayed without Microsoft: killed in the middle, then to its end, at
// which the host stops by itself.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, place := range []struct {
		name string
		open func(t *testing.T, pipe *pipeline) *archivePlace
	}{{"folder", inFolder}, {"Azurite", inAzurite}} {
		t.Run(place.name, func(t *testing.T) {
			inEachAtOnce(t, func(t *testing.T, p program) {
				s := newService(t, api.Options{Seed: 51, Blobs: 40, Records: sized(40, 200), Duplicates: 5})
				pipe := newReplay(t, p, s, place.open)
				asked := s.Account().Requests
				const unstored = 100 << 10
				pipe.set("unstored_max", strconv.Itoa(unstored))
				pipe.start()
				pipe.midway()
				pipe.process.Kill()
				delete(pipe.inputs[0], "unstored_max")
				pipe.start()
				if status := pipe.process.Wait(patience); status != 0 {
					t.Errorf("exit status %d at the end of the replay; %s", status, pipe.process.LogTail())
				}
				checkLog(t, pipe.process)
				r := pipe.report()
				t.Logf("%d records: %d lost, %d repeated (%d kB)", r.Expected, r.Lost, r.Repeated, pipe.again>>10)
				if r.Lost > 0 || r.Changed > 0 || pipe.again > repeats(1, unstored) {
					t.Errorf("%v\n%s", r, pipe.process.LogTail())
				}
				if now := s.Account().Requests; !reflect.DeepEqual(now, asked) {
					t.Errorf("Microsoft was asked: %v, before %v", now, asked)
				}
			})
		})
	}
}

// At the end of two replays Fluent Bit runs on until its outputs have taken everything of
// both, though that is in memory and takes longer than the grace time.
func TestReplayExit(t *testing.T) {
	t.Parallel()
	in(t, hosts[1], func(t *testing.T, p program) {
		s := newService(t, api.Options{Seed: 52, Blobs: 20, Records: 40, Duplicates: 5})
		pipe := newReplay(t, p, s, inFolder)
		pipe.split()
		pipe.set("storage.type", "memory")
		pipe.service["grace"] = "1"
		away := newDestination(t, pipe.sink.dir)
		pipe.output = away.options()
		pipe.start()
		pipe.await("the end of both replays", func() bool { return strings.Count(pipe.process.Log(), "replay done: ") == 2 })
		time.Sleep(12 * time.Second)
		if !pipe.process.Running() {
			t.Fatalf("Fluent Bit has stopped; %s", pipe.process.LogTail())
		}
		away.up()
		if status := pipe.process.Wait(patience); status != 0 {
			t.Errorf("exit status %d; %s", status, pipe.process.LogTail())
		}
		if r := pipe.report(); !r.OK() {
			t.Errorf("%v\n%s", r, pipe.process.LogTail())
		}
	})
}

// newReplay collects all that the service has into an archive, and returns a pipeline
// that replays it and then ends.
func newReplay(t *testing.T, p program, s *rig.Service, place func(t *testing.T, pipe *pipeline) *archivePlace) *pipeline {
	t.Helper()
	first := newPipeline(t, p, s)
	at := place(t, first)
	first.start()
	first.complete()
	first.await("the copies of all content", func() bool { return at.objects() >= s.Expect().Blobs })
	first.stop()

	pipe := newPipeline(t, p, s)
	pipe.set("replay_url", first.inputs[0]["archive_url"])
	if key := first.inputs[0]["storage_key_file"]; key != "" {
		pipe.set("storage_key_file", key)
	}
	pipe.set("replay_exit", "on")
	delete(pipe.inputs[0], "client_secret")
	return pipe
}
