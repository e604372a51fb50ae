package e2e

import (
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// TestDeadOutput lets the destination be away for a while, with less room in
// the host than there are records.
func TestDeadOutput(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		inputs  int // one takes all content types, or two share them
		input   options
		service options
	}{
		{"memory", 1, options{"storage.type": "memory", "mem_buf_limit": "5M"}, nil},
		{"memory, two inputs", 2, options{"storage.type": "memory", "mem_buf_limit": "2M"}, nil},
		{"files", 1, options{"storage.pause_on_chunks_overlimit": "on"}, options{"storage.max_chunks_up": "5"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in(t, hosts[1], func(t *testing.T, p program) {
				s := newService(t, api.Options{Seed: 15, Blobs: 60, Records: sized(60, 200), Duplicates: 5})
				pipe := newPipeline(t, p, s)
				if test.inputs == 2 {
					pipe.split()
				}
				for key, value := range test.input {
					pipe.set(key, value)
				}
				pipe.set("batch_size", "256k")
				pipe.set("queue_size", "4M")
				pipe.service = pipe.service.With(test.service)
				dead := newDestination(t, pipe.sink.dir)
				pipe.output = dead.options()
				pipe.start()
				time.Sleep(sized(8*time.Second, time.Minute))
				if n := pipe.report().Delivered; n > 0 {
					t.Fatalf("%d records delivered to nobody", n)
				}
				dead.up()
				pipe.complete()
				t.Logf("resident size %d MB", known(t, pipe.process.PeakRSS)>>20)
				pipe.finish(0)
			})
		})
	}
}

// TestPauses is the same in test/host, where an input is paused after every
// half megabyte.
func TestPauses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		inputs int
	}{{"one input", 1}, {"two inputs", 2}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in(t, hosts[0], func(t *testing.T, p program) {
				s := newService(t, api.Options{Seed: 16, Blobs: 20, Records: 50, Duplicates: 5})
				pipe := newPipeline(t, p, s)
				if test.inputs == 2 {
					pipe.split()
				}
				pipe.set("batch_size", "64k")
				pipe.flags = append(pipe.flags, "-mem-limit", "500000", "-flush-ms", "1500")
				pipe.start()
				pipe.complete()
				if !pipe.process.WaitLog("paused (mem buf overlimit)", 2, 0) {
					t.Error("never paused")
				}
				pipe.finish(0)
			})
		})
	}
}

// Batches that the host loses on their way to storage are delivered again.
func TestLostBatches(t *testing.T) {
	t.Parallel()
	in(t, hosts[0], func(t *testing.T, p program) {
		s := newService(t, api.Options{Seed: 17, Blobs: 20, Records: 50, Duplicates: 5})
		pipe := newPipeline(t, p, s)
		pipe.set("batch_size", "128k")
		pipe.flags = append(pipe.flags, "-drop-every", "17")
		pipe.start()
		pipe.finish(0)
	})
}

// split makes two inputs of one, each with some of the content types.
func (p *pipeline) split() {
	p.t.Helper()
	first := p.inputs[0]
	first["content_types"] = "Audit.AzureActiveDirectory,Audit.Exchange"
	p.inputs = append(p.inputs, first.With(options{
		"alias":         "other",
		"db":            first["db"] + ".other",
		"content_types": "Audit.SharePoint,Audit.General,DLP.All",
	}))
}
