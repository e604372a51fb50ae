package main

import (
	"runtime/debug"
	"sync"
)

// tuneGC sets up Go's garbage collector, whose heap is the plugin's alone. The
// heap is mostly batches and Ids, which hold no pointers, so collecting often is
// cheap, and what waits to be collected stays small beside queue_size. There is
// no memory limit: the plugin cannot know what other parts of the process need,
// and a limit that Ids alone reach would make the collector run all the time.
func tuneGC() { debug.SetGCPercent(10) }

// memory returns memory to the system after a burst. The collector runs as the
// heap grows; once it has stopped growing, the garbage of a full queue would
// stay resident for minutes, and pages that are free already for longer.
type memory struct {
	handedOver int64          // bytes handed over until the last release
	releasing  sync.WaitGroup // in the background, as it takes some milliseconds
}

// burstBytes is how much must have been handed over to make a release worth its
// time, and the time it takes to get the memory again.
const burstBytes = 16 << 20

// release is called when the input becomes idle, with the number of bytes
// handed over so far.
func (m *memory) release(handedOver int64) {
	if handedOver-m.handedOver < burstBytes {
		return
	}
	m.handedOver = handedOver
	m.releasing.Go(debug.FreeOSMemory)
}

// wait waits for the end of a release.
func (m *memory) wait() { m.releasing.Wait() }
