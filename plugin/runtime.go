package main

import (
	"runtime/debug"
	"sync"
)

// tune is the one place for settings of Go's runtime, which this plugin shares
// with nobody in the process. The heap is mostly batches and Ids, in which the
// garbage collector has nothing to look for, so collecting often is cheap, and
// what waits to be collected stays small beside queue_size. There is no memory
// limit: what the other parts of the process need is not ours to know, and a
// limit that is met by Ids alone would make the collector run all the time.
func tune() { debug.SetGCPercent(10) }

// memory gives back to the system what a burst has taken. The collector runs as
// the heap grows; in a heap that does not grow any more it would leave a full
// queue's garbage resident for minutes, and pages it has freed for longer.
type memory struct {
	handed int64          // bytes handed over at the last time
	giving sync.WaitGroup // on another thread, as it takes its time
}

// burst is worth it: giving back takes some milliseconds, and taking again.
const burst = 16 << 20

// calm is called when there is nothing to do any more.
func (m *memory) calm(handed int64) {
	if handed-m.handed < burst {
		return
	}
	m.handed = handed
	m.giving.Go(debug.FreeOSMemory)
}

// stop waits until nothing is being given back any more.
func (m *memory) stop() { m.giving.Wait() }
