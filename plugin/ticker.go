package main

// #include "shim.h"
import "C"

import (
	"time"
	"unsafe"
)

// Periods of the tick. Fluent Bit empties the ring buffer every 250 ms, and a
// round of batches is handed over once the last one is stored, so a shorter
// period gains nothing. Without anything to do the short one would cost 0.3 % of
// a core; then Fluent Bit's own callback of every second is enough, and the tick
// is for the times when it is not called (ticker.c).
const (
	busyPeriod = 100 * time.Millisecond
	idlePeriod = 5 * time.Second
	// idleDelay is how long there must have been nothing to do before the period
	// becomes the idle one.
	idleDelay = 2 * time.Second
)

// ticker is the plugin's own collector in Fluent Bit's event loop (ticker.c). It
// is nil if Fluent Bit lacks the functions for it: then there is only the
// callback of every second.
type ticker struct {
	instance  unsafe.Pointer
	collector C.int // its number
	fd        C.int // of the timer
	closed    bool
	idle      bool
	lastBusy  time.Time // the last time there was something to do
}

func openTicker(instance unsafe.Pointer) *ticker {
	t := &ticker{instance: instance, lastBusy: time.Now()}
	t.collector = C.o365_ticker_open(instance, C.long(busyPeriod.Milliseconds()), &t.fd)
	if t.collector < 0 {
		return nil
	}
	return t
}

// ack takes note of an expired timer, which would otherwise call again at once.
func (t *ticker) ack() {
	if t != nil {
		C.o365_ticker_ack(t.fd)
	}
}

// pace sets the period by whether a tick has found something to do. It reports
// whether the input has become idle just now.
func (t *ticker) pace(busy bool) (becameIdle bool) {
	if t == nil || t.closed {
		return false
	}
	now := time.Now()
	if busy {
		t.lastBusy = now
	}
	idle := now.Sub(t.lastBusy) > idleDelay
	if idle == t.idle {
		return false
	}
	t.idle = idle
	period := busyPeriod
	if idle {
		period = idlePeriod
	}
	C.o365_ticker_set(t.fd, C.long(period.Milliseconds()))
	return idle
}

func (t *ticker) close() {
	if t == nil || t.closed {
		return
	}
	t.closed = true
	C.o365_ticker_close(t.instance, t.collector, t.fd)
}
