package main

// #include "shim.h"
import "C"

import (
	"runtime/debug"
	"strings"
	"sync"
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// plugin is all the state in the process. It outlives a hot reload, after which
// Fluent Bit gets the same shared object again.
var plugin = instances{byThread: make(map[C.uintptr_t]*instance)}

// instances are the inputs of this plugin. Up to 4.0 Fluent Bit passes no
// argument that names the instance to an input's callbacks, but in every version
// it calls all of those of one instance on one thread, and each has its own
// (src/flb_input_thread.c): the thread identifies the instance.
type instances struct {
	preRegistered bool // FLBPluginPreRegister was called: by the main thread, before any instance
	configMap     *C.struct_o365_map

	mu       sync.Mutex
	byThread map[C.uintptr_t]*instance
	shared   *o365.Shared
}

// open starts the instance of the calling thread; p is the argument of
// FLBPluginInit. If Fluent Bit must not start like this, it logs why and returns
// false. It makes no requests: a reload whose instance does not open ends
// Fluent Bit (src/flb_reload.c, 4.0.14 and 5.1.1).
func (all *instances) open(p unsafe.Pointer) (opened bool) {
	h := newHost(p, all.count)
	defer func() {
		if r := recover(); r != nil {
			h.logPanic("start", r, debug.Stack())
			opened = false
		}
	}()
	in, err := openInstance(h, p, all)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			h.Print(logging.Error, sanitize.Text(line, sanitize.MaxLine))
		}
		return false
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	all.byThread[C.o365_thread()] = in
	return true
}

// current returns the instance of the calling thread, or nil.
func (all *instances) current() *instance {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.byThread[C.o365_thread()]
}

// remove is current for the last time: threads' numbers are used again.
func (all *instances) remove() *instance {
	all.mu.Lock()
	defer all.mu.Unlock()
	id := C.o365_thread()
	in := all.byThread[id]
	delete(all.byThread, id)
	return in
}

func (all *instances) count() int {
	all.mu.Lock()
	defer all.mu.Unlock()
	return len(all.byThread)
}

// budgets are shared by all instances that run at the same time.
func (all *instances) budgets() *o365.Shared {
	all.mu.Lock()
	defer all.mu.Unlock()
	if len(all.byThread) == 0 || all.shared == nil {
		all.shared = o365.NewShared()
	}
	return all.shared
}
