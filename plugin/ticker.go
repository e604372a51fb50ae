package main

// #include "shim.h"
import "C"

import (
	"time"
	"unsafe"
)

// Periods of the tick. Fluent Bit empties the ring buffer every 250 ms and a
// round of batches goes over when the last one was seen to arrive, so a shorter
// one gains nothing; when there is nothing to do it would cost 0.3 % of a core.
// Then the host's own callback of every second is enough, and this one is for
// the times when that does not come (ticker.c).
const (
	busyPeriod = 100 * time.Millisecond
	idlePeriod = 5 * time.Second
	// calm is how long there must have been nothing to do.
	calm = 2 * time.Second
)

// ticker is the plugin's own collector in Fluent Bit's event loop (ticker.c).
// A nil ticker is one that the host could not give: then there is only the
// callback of every second.
type ticker struct {
	instance  unsafe.Pointer
	collector C.int
	fd        C.int
	closed    bool
	idle      bool
	busy      time.Time // the last time there was something to do
}

func openTicker(instance unsafe.Pointer) *ticker {
	t := &ticker{instance: instance, busy: time.Now()}
	t.collector = C.o365_ticker_open(instance, C.long(busyPeriod.Milliseconds()), &t.fd)
	if t.collector < 0 {
		return nil
	}
	return t
}

func (t *ticker) ack() {
	if t != nil {
		C.o365_ticker_ack(t.fd)
	}
}

// pace takes whether a tick has found something to do. It reports whether from
// now on there is calm.
func (t *ticker) pace(busy bool) (calmed bool) {
	if t == nil || t.closed {
		return false
	}
	now := time.Now()
	if busy {
		t.busy = now
	}
	idle := now.Sub(t.busy) > calm
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
