package main

// #include "shim.h"
import "C"

// restoreSignals puts back Go's signal handlers where Fluent Bit has replaced
// them (signals.c). Until the next tick a nil dereference would end the
// process.
func restoreSignals(h *host) { C.o365_signals_restore(h.api) }
