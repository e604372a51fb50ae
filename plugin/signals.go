package main

// #include "shim.h"
import "C"

// restoreSignals restores the signal handlers of Go that Fluent Bit has replaced
// (signals.c). It is called at every tick; in between a nil dereference would
// end the process.
func restoreSignals(h *host) { C.o365_signals_restore(h.api) }
