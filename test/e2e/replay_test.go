package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
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
	inEachAtOnce(t, func(t *testing.T, p program) {
		s := newService(t, api.Options{Seed: 51, Blobs: 40, Records: sized(40, 200), Duplicates: 5})
		dir := archived(t, p, s)
		asked := s.Account().Requests
		const unstored = 100 << 10
		pipe := newReplay(t, p, s, dir)
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
}

// At the end of a replay Fluent Bit runs on until its outputs have taken everything,
// though that is in memory and takes longer than the grace time.
func TestReplayExit(t *testing.T) {
	t.Parallel()
	in(t, hosts[1], func(t *testing.T, p program) {
		s := newService(t, api.Options{Seed: 52, Blobs: 20, Records: 40, Duplicates: 5})
		pipe := newReplay(t, p, s, archived(t, p, s))
		pipe.set("storage.type", "memory")
		pipe.service["grace"] = "1"
		away := newDestination(t, pipe.sink.dir)
		pipe.output = away.options()
		pipe.start()
		pipe.await("the end of the replay", func() bool { return strings.Contains(pipe.process.Log(), "replay done: ") })
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

// archived returns a folder with an archive of all that the service has.
func archived(t *testing.T, p program, s *rig.Service) (dir string) {
	t.Helper()
	dir = t.TempDir()
	pipe := newPipeline(t, p, s)
	pipe.set("archive_url", "file://"+dir)
	pipe.start()
	pipe.complete()
	blobs := s.Account().Blobs
	pipe.await("the copies of all content", func() bool { return objects(t, dir) >= blobs })
	pipe.stop()
	return dir
}

// objects is how many there are in an archive.
func objects(t *testing.T, dir string) (n int) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".gz") && !strings.Contains(path, "/.") {
			n++
		}
		if os.IsNotExist(err) { // an upload that has just ended
			return nil
		}
		return err
	}))
	return n
}

// newReplay makes a pipeline that replays an archive and then ends.
func newReplay(t *testing.T, p program, s *rig.Service, dir string) *pipeline {
	t.Helper()
	pipe := newPipeline(t, p, s)
	pipe.set("replay_url", "file://"+dir)
	pipe.set("replay_exit", "on")
	delete(pipe.inputs[0], "client_secret")
	return pipe
}
