package main

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"unsafe"

	"github.com/fluent/fluent-bit-go/input"
)

// The callbacks that Fluent Bit finds by name (src/flb_plugin_proxy.c,
// src/proxy/go/go.c). Two are in C, where not every call goes on to Go: FLBPluginInit
// (shim.c) calls o365Init, FLBPluginInputCallback (ticker.c) o365Collect. Results are
// FLB_ERROR (0), FLB_OK (1) or, where Fluent Bit ignores them, 0.

// FLBPluginPreRegister is called by Fluent Bit 2.2 and later, which host.check
// relies on.
//
//export FLBPluginPreRegister
func FLBPluginPreRegister(hotReload C.int) C.int {
	plugin.preRegistered = true
	return 0
}

// FLBPluginRegister never fails: Fluent Bit would go on to use a definition that
// it has freed (src/flb_plugin_proxy.c, flb_plugin_proxy_register). def is a
// struct flb_plugin_proxy_def.
//
//export FLBPluginRegister
func FLBPluginRegister(def unsafe.Pointer) C.int {
	defer func() { _ = recover() }() // there is no log yet
	C.o365_register(def, input.FLB_PROXY_INPUT_PLUGIN, input.FLB_PROXY_GOLANG)
	C.o365_signals_save()
	C.o365_properties_find()
	tuneGC()
	offerConfigMap(def)
	return 0
}

//export FLBPluginUnregister
func FLBPluginUnregister(def unsafe.Pointer) {}

// o365Init is FLBPluginInit; p is its struct flbgo_input_plugin.
//
//export o365Init
func o365Init(p unsafe.Pointer) C.int {
	if !plugin.open(p) {
		return input.FLB_ERROR
	}
	return input.FLB_OK
}

//export FLBPluginInputPreRun
func FLBPluginInputPreRun(hotReload C.int) C.int { return 0 }

// o365Collect is FLBPluginInputCallback. It hands over what it stores in data and size:
// MessagePack, or NULL and 0.
//
//export o365Collect
func o365Collect(data *unsafe.Pointer, size *C.size_t) C.int {
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

// FLBPluginInputCleanupCallback frees what o365Collect has returned, or NULL.
//
//export FLBPluginInputCleanupCallback
func FLBPluginInputCleanupCallback(data unsafe.Pointer) C.int {
	C.free(data)
	return 0
}

// o365Tick is called by the plugin's own collector (ticker.c).
//
//export o365Tick
func o365Tick() {
	if in := plugin.current(); in != nil {
		in.ticker.ack()
		in.safely("tick", in.tick)
	}
}

// FLBPluginInputPause is called when the input's buffer is full, and before the
// exit.
//
//export FLBPluginInputPause
func FLBPluginInputPause() {
	if in := plugin.current(); in != nil {
		in.safely("pause", in.handover.Pause)
	}
}

//export FLBPluginInputResume
func FLBPluginInputResume() {
	if in := plugin.current(); in != nil {
		in.safely("resume", in.handover.Resume)
	}
}

// FLBPluginInputPreExit is called right before FLBPluginExit, on the same thread.
//
//export FLBPluginInputPreExit
func FLBPluginInputPreExit(hotReload C.int) {
	if in := plugin.current(); in != nil {
		in.safely("exit", in.stop)
	}
}

// FLBPluginExit is called once for each instance.
//
//export FLBPluginExit
func FLBPluginExit() C.int {
	if in := plugin.remove(); in != nil {
		in.safely("exit", in.stop)
	}
	return 0
}
