package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// TestFullDisk fills the disk that the state file is on: this is reported, what is
// stored goes on being stored, and after a while nothing more is collected,
// until there is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	inEachAtOnce(t, func(t *testing.T, p program) {
		disk := smallDisk(t, "2m")
		s := newService(t, api.Options{Seed: 21, Blobs: 5, Records: 10})
		pipe := newPipeline(t, p, s)
		pipe.set("db", filepath.Join(disk, "o365.db"))
		pipe.set("health_tag", "health")
		pipe.start()
		pipe.complete()
		filler := filepath.Join(disk, "filler")
		_ = os.WriteFile(filler, make([]byte, 4<<20), 0o600) // until it is full
		s.Produce(api.DefaultTenant, api.Exchange, 20, 200)
		fullDisk(t, pipe, `error.*the state file can't be written: make room on the disk of db.*full`)
		pipe.read()
		if h := pipe.health[api.Exchange]; h.State != "degraded" || h.What != "the state file can't be written" || h.Do == "" {
			t.Errorf("health record: %+v", h)
		}
		must(t, os.Remove(filler))
		pipe.finish(0)
	})
}

// TestFullStorage lets an output be away until the disk of Fluent Bit's chunks
// is full. Fluent Bit would count what it then loses as stored.
func TestFullStorage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		inputs [][]string // their content types
	}{
		{"one input", [][]string{api.ContentTypes()}},
		{"five inputs", slices.Collect(slices.Chunk(api.ContentTypes(), 1))},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in(t, hosts[1], func(t *testing.T, p program) {
				s := newService(t, api.Options{Seed: 22, Blobs: 60, Records: 120})
				pipe := newPipeline(t, p, s)
				one := pipe.inputs[0]
				pipe.inputs = nil
				for i, types := range test.inputs {
					input := one.With(options{"content_types": strings.Join(types, ",")})
					if i > 0 {
						input["alias"], input["db"] = types[0], one["db"]+types[0]
					}
					pipe.inputs = append(pipe.inputs, input)
				}
				pipe.service = pipe.service.With(options{"storage.path": filepath.Join(smallDisk(t, "12m"), "storage")})
				dead := newDestination(t, pipe.sink.dir)
				pipe.output = dead.options()
				pipe.start()
				fullDisk(t, pipe, `warn.*the disk of Fluent Bit's storage\.path is full: make room there`)
				dead.up()
				pipe.finish(0)
			})
		})
	}
}

// fullDisk waits for the one line about it.
func fullDisk(t *testing.T, pipe *pipeline, want string) {
	t.Helper()
	pipe.await("a line above info", func() bool { return complaint.MatchString(pipe.process.Log()) })
	time.Sleep(5 * time.Second) // for others
	got := complaint.FindAllString(pipe.process.Log(), -1)
	if len(got) != 1 || !regexp.MustCompile(want).MatchString(got[0]) {
		t.Fatalf("want one line like %s; %s", want, pipe.process.LogTail())
	}
	t.Log(got[0])
}
