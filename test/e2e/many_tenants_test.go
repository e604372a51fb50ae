package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// TestManyTenants lets one host collect every content type of many tenants, and
// then have nothing to do but its polls.
func TestManyTenants(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	tenants := sized(10, 50)
	tests := []struct {
		name     string
		sections int
		threads  int   // more than one section with one tenant has, at most
		memory   int64 // likewise
	}{
		// Measured: 1 MB a tenant, 1.7 a section, and 1.9 threads.
		{"one section", 1, 10, int64(1+tenants) * 2 * mb},
		{"a section each", tenants, 10 + 2*tenants, int64(1+tenants) * 3 * mb},
	}
	for _, p := range hosts {
		t.Run(p.name, func(t *testing.T) {
			in(t, p, func(t *testing.T, p program) {
				threads, memory, _ := atRest(t, p, 1, 1)
				for _, test := range tests {
					t.Run(test.name, func(t *testing.T) {
						t.Parallel()
						manyThreads, manyMemory, cpu := atRest(t, p, tenants, test.sections)
						t.Logf("%d threads and %d MB more than the %d and %d of one tenant, %.2f %% of a core", manyThreads-threads, (manyMemory-memory)/mb, threads, memory/mb, 100*cpu)
						if manyThreads-threads > test.threads {
							t.Errorf("more than %d threads", test.threads)
						}
						if manyMemory-memory > test.memory {
							t.Errorf("more than %d MB", test.memory/mb)
						}
						most := 0.02
						if !p.FluentBit {
							most = 0.05 // test/host is asked for its counters in the dear way
						}
						if cpu > most {
							t.Errorf("more than %.0f %% of a core", 100*most)
						}
					})
				}
			})
		})
	}
}

// atRest starts a host that collects from so many tenants, and measures it when
// all have caught up.
func atRest(t *testing.T, p program, tenants, sections int) (threads int, memory int64, cpu float64) {
	t.Helper()
	opt := api.Options{Seed: 31, Blobs: 2, Records: 10}
	for i := range tenants {
		opt.Tenants = append(opt.Tenants, fmt.Sprintf("11111111-2222-4333-8444-%012d", i))
	}
	pipe := newPipeline(t, p, newService(t, opt))
	pipe.discard()
	one := pipe.inputs[0].With(options{"poll_interval": "1m"})
	pipe.inputs = nil
	for i := range sections {
		some := opt.Tenants[i*tenants/sections : (i+1)*tenants/sections]
		alias := fmt.Sprintf("o365.%d", i)
		pipe.inputs = append(pipe.inputs, one.With(options{
			"alias": alias, "db": filepath.Join(pipe.dir, alias+".db"), "tenant_id": strings.Join(some, ","),
		}))
	}
	process := pipe.start()
	if err := caughtUp(process, tenants, api.ContentTypes()); err != nil {
		t.Fatalf("%v; %s", err, process.LogTail())
	}
	time.Sleep(5 * time.Second)
	before, begun := known(t, process.CPU), time.Now()
	time.Sleep(sized(10*time.Second, 2*time.Minute))
	cpu = (known(t, process.CPU) - before).Seconds() / time.Since(begun).Seconds()
	threads, memory = len(known(t, process.Threads)), known(t, process.PeakRSS)
	pipe.stop()
	checkLog(t, process)
	return threads, memory, cpu
}
