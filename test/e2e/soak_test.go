package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// soak is one pipeline for a long time, in all conditions.
type soak struct {
	*pipeline
	t           *testing.T
	service     *rig.Service
	destination *destination // nil in test/host
	stateDisk   string       // folder of the state file; empty: no disk of its own
	storageDisk string       // folder of Fluent Bit's storage; likewise
	length      time.Duration
	begun       time.Time
	condition   string // that there is now
	kills       int
	restarts    int
	reloaded    func() // waits for a reload that Fluent Bit puts off; nil: there is none
	blind       int    // blows while the state file could not be written
	repeated    int    // bytes, by the plugin, until the last blow
	samples     []soakSample
}

// soakBatch is the batch_size of a soak, and soakUnstored its unstored_max. What a kill
// repeats depends on them.
const soakBatch, soakUnstored = 64 << 10, 320 << 10

// TestSoak collects live content for as long as SOAK says (1h), while everything
// goes wrong that can, in an order that follows from SEED. It runs in Fluent Bit
// where there is one, else in test/host, which has no output that could be away
// and no storage.
//
// The clock of this machine cannot be set by a test; what steps is the service's,
// as its answers show it.
func TestSoak(t *testing.T) {
	if os.Getenv("SOAK") == "" {
		t.Skip("takes as long as SOAK says, such as 1h; see make soak")
	}
	length, err := time.ParseDuration(os.Getenv("SOAK"))
	must(t, err)
	seed := uint64(time.Now().UnixNano()) % 1_000_000
	if text := os.Getenv("SEED"); text != "" {
		seed, err = strconv.ParseUint(text, 10, 64)
		must(t, err)
	}
	p := hosts[1]
	if p.Path == "" {
		p = hosts[0]
	}
	in(t, p, func(t *testing.T, p program) {
		k := newSoak(t, p, seed, length)
		conditions := map[string]soakCondition{}
		var names []string
		for _, c := range k.conditions() {
			conditions[c.name] = c
			names = append(names, c.name)
		}
		t.Logf("SEED=%d SOAK=%v: %d conditions", seed, length, len(names))
		k.carryOut(soakSchedule(seed, length, names, func(name string) bool { return conditions[name].long }), conditions)
		k.account()
	})
}

func newSoak(t *testing.T, p program, seed uint64, length time.Duration) *soak {
	t.Helper()
	opt := api.Options{
		Seed: seed, Blobs: 20, Back: 6 * time.Hour, Records: 20, Duplicates: 5, Late: 20, LateBy: 15 * time.Second,
		SameTime: 2, PageSize: 20, Live: 5 * time.Second, Latency: 20 * time.Millisecond,
	}
	s := newService(t, opt)
	k := &soak{pipeline: newPipeline(t, p, s), t: t, service: s, length: length}
	k.setFaults()
	k.set("batch_size", strconv.Itoa(soakBatch))
	k.set("unstored_max", strconv.Itoa(soakUnstored))
	k.set("queue_size", "1M")
	k.set("request_timeout", "5s")
	k.set("health_tag", "health")
	k.stateDisk = k.disk()
	if k.stateDisk != "" {
		k.set("db", filepath.Join(k.stateDisk, "o365.db"))
	}
	if p.FluentBit {
		if k.storageDisk = k.disk(); k.storageDisk != "" {
			k.pipeline.service["storage.path"] = filepath.Join(k.storageDisk, "storage")
		}
		k.destination = newDestination(t, k.sink.dir)
		k.destination.up()
		k.output = k.destination.options()
	}
	return k
}

// disk is a folder on a disk of its own, empty if this process may not mount one.
func (k *soak) disk() string {
	k.t.Helper()
	dir, err := mountDisk(k.t, soakDisk)
	if err != nil {
		k.t.Log("no full disk in this soak: ", err)
	}
	return dir
}

// carryOut lets happen what is planned, each at its time or as soon as what was
// before it is over.
func (k *soak) carryOut(steps []soakStep, conditions map[string]soakCondition) {
	k.t.Helper()
	k.start()
	k.begun = time.Now()
	k.t.Log(soakColumns)
	end := func() {}
	ends := k.length
	for {
		next := k.length
		if len(steps) > 0 {
			next = steps[0].at
		}
		next = min(next, ends)
		k.watchUntil(next)
		switch {
		case k.condition != "" && next == ends:
			k.t.Logf("%s over: %s", k.age(), k.condition)
			end()
			if k.reloaded != nil {
				k.reloaded()
			}
			k.condition, ends, k.reloaded = "", k.length, nil
		case len(steps) == 0:
			return
		case steps[0].lasts > 0:
			k.condition, ends = steps[0].name, steps[0].at+steps[0].lasts
			c := conditions[k.condition]
			k.t.Logf("%s %s for %.1f s", k.age(), c.name, steps[0].lasts.Seconds())
			c.begin(k)
			end = func() { c.end(k) }
			steps = steps[1:]
		default:
			k.blow(steps[0].name)
			steps = steps[1:]
		}
	}
}

// blow does something to the process, at once.
func (k *soak) blow(name string) {
	k.t.Helper()
	at, begun := k.age(), time.Now()
	if k.reloaded != nil && name != soakKill {
		k.t.Logf("%s no %s: Fluent Bit has put off a reload", at, name)
		return
	}
	before := k.repeated
	k.repeated = k.repeatedByPlugin()
	if k.condition == fullState {
		k.blind++
	}
	switch name {
	case soakKill:
		k.kills++
		k.process.Kill()
		k.reloaded = nil
		k.start()
	case soakRestart:
		k.restarts++
		k.stop()
		k.start()
	case soakReload:
		// Fluent Bit reloads when no chunk is on its way any more, however long that takes
		// (5.1.1: src/flb_reload.c sets grace to -1).
		if wait := k.reloading(); holdsChunks(k.condition) {
			k.reloaded = wait
		} else {
			wait()
		}
	}
	during := ""
	if k.condition != "" {
		during = ", during: " + k.condition
	}
	k.t.Logf("%s %s, %.1f s%s; %d kB repeated since the last one", at, name, time.Since(begun).Seconds(), during, (k.repeated-before)>>10)
}

// age is how old the soak is.
func (k *soak) age() string {
	age := time.Since(k.begun)
	return strconv.Itoa(int(age.Minutes())) + "m" + strconv.FormatFloat((age%time.Minute).Seconds(), 'f', 1, 64) + "s"
}
