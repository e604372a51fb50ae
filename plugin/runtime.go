package main

import "runtime/debug"

// tune is the one place for settings of Go's runtime, which this plugin shares
// with nobody in the process. The heap is mostly batches, in which the garbage
// collector has nothing to look for, so collecting often is cheap, and what
// waits to be collected stays small beside queue_size.
func tune() { debug.SetGCPercent(25) }
