package main

// #include "shim.h"
import "C"

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/handover"
)

// replayExit ends Fluent Bit when an archive is replayed.
type replayExit struct {
	replayed <-chan struct{}
	decision handover.Exit
	checked  time.Time
	ready    atomic.Bool
}

// checkInterval is how often the chunks are counted: Fluent Bit does so every five
// seconds.
const checkInterval = time.Second

// check is called at every tick, on the input's thread.
func (e *replayExit) check(h *host, all *instances) {
	now := time.Now()
	if e == nil || e.ready.Load() || now.Sub(e.checked) < checkInterval {
		return
	}
	select {
	case <-e.replayed:
	default:
		return
	}
	e.checked = now
	chunks, counted := h.chunks()
	ready, line := e.decision.Ready(now, chunks, counted)
	if line != "" {
		h.Print(logging.Info, line)
	}
	if ready {
		e.ready.Store(true)
		all.exit()
	}
}

// chunks returns what Fluent Bit holds of the input for its outputs.
func (h *host) chunks() (handover.Chunks, bool) {
	if h.metrics == nil {
		return handover.Chunks{}, false
	}
	text := C.o365_metrics_text(h.metrics)
	if text == nil {
		return handover.Chunks{}, false
	}
	defer C.o365_metrics_free(text)
	return handover.ParseChunks(C.GoString(text))
}

// exit stops Fluent Bit as a service manager does, once all inputs that are to end it
// are ready.
func (all *instances) exit() {
	ready := true
	all.running.Each(func(in *instance) { ready = ready && (in.exit == nil || in.exit.ready.Load()) })
	if ready {
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM) // it has no error for the own process
	}
}
