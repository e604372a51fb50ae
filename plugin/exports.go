package main

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"unsafe"

	"github.com/fluent/fluent-bit-go/input"
)

// The callbacks that Fluent Bit looks up by name. FLBPluginInit is in shim.c
// and calls o365Init.

//export FLBPluginPreRegister
func FLBPluginPreRegister(hotReload C.int) C.int {
	plugin.preRegistered = true
	return 0
}

// FLBPluginRegister never fails: Fluent Bit would go on with a definition it
// has freed.
//
//export FLBPluginRegister
func FLBPluginRegister(def unsafe.Pointer) C.int {
	defer func() { _ = recover() }() // there is no log yet
	C.o365_register(def, input.FLB_PROXY_INPUT_PLUGIN, input.FLB_PROXY_GOLANG)
	C.o365_signals_save()
	tune()
	offerConfigMap(def)
	return 0
}

//export FLBPluginUnregister
func FLBPluginUnregister(def unsafe.Pointer) {}

//export o365Init
func o365Init(p unsafe.Pointer) C.int {
	if !plugin.open(p) {
		return input.FLB_ERROR
	}
	return input.FLB_OK
}

//export FLBPluginInputPreRun
func FLBPluginInputPreRun(hotReload C.int) C.int { return 0 }

// FLBPluginInputCallback comes once a second.
//
//export FLBPluginInputCallback
func FLBPluginInputCallback(data *unsafe.Pointer, size *C.size_t) C.int {
	*data, *size = nil, 0
	if in := plugin.current(); in != nil {
		in.safely("tick", func() {
			if events := in.collect(); len(events) > 0 {
				*data, *size = C.CBytes(events), C.size_t(len(events))
			}
		})
	}
	return input.FLB_OK
}

//export FLBPluginInputCleanupCallback
func FLBPluginInputCleanupCallback(data unsafe.Pointer) C.int {
	C.free(data)
	return 0
}

// o365Tick comes from the plugin's own collector (ticker.c).
//
//export o365Tick
func o365Tick() {
	if in := plugin.current(); in != nil {
		in.ticker.ack()
		in.safely("tick", in.tick)
	}
}

//export FLBPluginInputPause
func FLBPluginInputPause() {
	if in := plugin.current(); in != nil {
		in.safely("pause", in.feed.Pause)
	}
}

//export FLBPluginInputResume
func FLBPluginInputResume() {
	if in := plugin.current(); in != nil {
		in.safely("resume", in.feed.Resume)
	}
}

// FLBPluginInputPreExit comes right before FLBPluginExit, on the same thread.
//
//export FLBPluginInputPreExit
func FLBPluginInputPreExit(hotReload C.int) {
	if in := plugin.current(); in != nil {
		in.safely("exit", in.stop)
	}
}

//export FLBPluginExit
func FLBPluginExit() C.int {
	if in := plugin.remove(); in != nil {
		in.safely("exit", in.stop)
	}
	return 0
}
