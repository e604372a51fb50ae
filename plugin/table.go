package main

// #include "shim.h"
import "C"

import (
	"runtime/debug"
	"strings"
	"sync"
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// plugin is all the state there is in the process. Fluent Bit passes nothing
// to an input's callbacks before 4.1, but always calls those of one instance on
// one thread, so the thread tells which instance is meant.
var plugin = table{instances: make(map[C.uintptr_t]*instance)}

type table struct {
	preRegistered bool // by the main thread, before any instance
	configMap     *C.struct_o365_map

	mu        sync.Mutex
	instances map[C.uintptr_t]*instance
	shared    *o365.Shared
}

// open makes the instance of the calling thread. It reports false, and has
// told why, if Fluent Bit must not start like this. It needs no network: a
// reload whose instance does not open ends Fluent Bit.
func (t *table) open(p unsafe.Pointer) (opened bool) {
	h := newHost(p)
	h.inputs = t.count
	defer func() {
		if r := recover(); r != nil {
			h.panicked("start", r, debug.Stack())
			opened = false
		}
	}()
	in, err := openInstance(h, p, t)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			h.Print(health.Error, sanitize.Text(line, sanitize.MaxLine))
		}
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.instances[C.o365_thread()] = in
	return true
}

// current is the instance of the calling thread, or nil.
func (t *table) current() *instance {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.instances[C.o365_thread()]
}

// remove is current for the last time: threads' numbers are used again.
func (t *table) remove() *instance {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := C.o365_thread()
	in := t.instances[id]
	delete(t.instances, id)
	return in
}

// count is how many instances there are.
func (t *table) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.instances)
}

// budgets are shared by all instances, as long as there is one.
func (t *table) budgets() *o365.Shared {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.instances) == 0 || t.shared == nil {
		t.shared = o365.NewShared()
	}
	return t.shared
}
