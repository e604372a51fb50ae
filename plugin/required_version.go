package main

// #include "shim.h"
import "C"

import "errors"

var (
	errTooOld = errors.New("this input needs Fluent Bit 2.2 or later: earlier versions lose records while an input is paused")
	errThread = errors.New(`"threaded off" cannot be used with this input: leave it out`)
)

// check returns an error if the plugin cannot work in this Fluent Bit: errTooOld
// or errThread. It is called in FLBPluginInit, on the instance's thread.
//
// Fluent Bit exports no version number (flb_version is static inline,
// include/fluent-bit/flb_version.h.in), so versions are recognised by what they
// can do. 2.2 is the first to call FLBPluginPreRegister
// (src/flb_plugin_proxy.c, flb_plugin_proxy_register). "daemon on" is refused
// in FLBPluginInit itself (shim.c), where Go cannot run.
//
// What a supported version may lack is checked where it is used: the function to
// append batches (CanAppend), metrics (o365_metrics in shim.c), the layout of
// counters (counters.c), of properties (properties.c) and of the list of options
// (configmap.c), histograms (metrics.c), and the functions of the ticker
// (ticker.c).
func (h *host) check(preRegistered bool) error {
	switch {
	case !preRegistered:
		return errTooOld
	case C.o365_on_engine_thread() != 0:
		return errThread
	}
	return nil
}
