package main

// #include "shim.h"
import "C"

import (
	"runtime/debug"
	"strings"
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/handover"
)

// plugin is all the state in the process. It outlives a hot reload, after which
// Fluent Bit gets the same shared object again.
var plugin instances

// instances are the inputs of this plugin. Up to 4.0 Fluent Bit passes no
// argument that names the instance to an input's callbacks, but in every version
// it calls all of those of one instance on one thread, and each has its own
// (src/flb_input_thread.c): the thread identifies the instance.
type instances struct {
	preRegistered bool // FLBPluginPreRegister was called: by the main thread, before any instance
	configMap     *C.struct_o365_map
	running       handover.Instances[*instance]
}

// open starts the instance of the calling thread; p is the argument of
// FLBPluginInit. If Fluent Bit must not start like this, it logs why and returns
// false. It makes no requests: a reload whose instance does not open ends
// Fluent Bit (src/flb_reload.c, 4.0.14 and 5.1.1).
func (all *instances) open(p unsafe.Pointer) (opened bool) {
	h := newHost(p, all.running.Count)
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
	all.running.Add(thread(), in)
	return true
}

// current returns the instance of the calling thread, or nil.
func (all *instances) current() *instance { return all.running.Of(thread()) }

// remove is current for the last time.
func (all *instances) remove() *instance { return all.running.Remove(thread()) }

// thread is the number of the calling thread.
func thread() uintptr { return uintptr(C.o365_thread()) }
