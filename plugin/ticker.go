package main

// #include "shim.h"
import "C"

import (
	"sync"
	"time"
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/handover"
)

// Periods of the tick: as soon as Fluent Bit may have stored what is under way, which a
// tick finds out. Without anything to do that would cost 0.3 % of a core; then the tick
// is for the metrics, and wake for what comes.
const (
	hurryPeriod = 10 * time.Millisecond
	walkPeriod  = 100 * time.Millisecond
	restPeriod  = 5 * time.Second
	// restDelay is how long there must have been nothing to do before the period
	// becomes the long one.
	restDelay = 2 * time.Second
)

// ticker is the plugin's own collector in Fluent Bit's event loop (ticker.c). If Fluent
// Bit lacks the functions for it, it does nothing: then there is only the callback of
// every second.
type ticker struct {
	instance  unsafe.Pointer
	collector C.int     // its number
	lastBusy  time.Time // the last time there was something to do

	mu     sync.Mutex
	opened bool
	fd     C.int // of the timer
	period time.Duration
	woken  bool // since the last tick began
}

func (t *ticker) open(instance unsafe.Pointer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.instance, t.lastBusy, t.period = instance, time.Now(), walkPeriod
	t.collector = C.o365_ticker_open(instance, C.long(t.period.Milliseconds()), &t.fd)
	t.opened = t.collector >= 0
}

// ack takes note of an expired timer, which would otherwise call again at once.
func (t *ticker) ack() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.woken = false
	if t.opened {
		C.o365_ticker_ack(t.fd)
	}
}

// pace sets the period. It reports whether the input has come to rest just now.
func (t *ticker) pace(p handover.Pace) (rests bool) {
	now := time.Now()
	period := walkPeriod
	switch {
	case p == handover.Hurry:
		period = hurryPeriod
	case p == handover.Rest && now.Sub(t.lastBusy) > restDelay:
		period = restPeriod
	}
	if p != handover.Rest {
		t.lastBusy = now
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if period == restPeriod && t.woken { // by what came after this tick had looked
		period = walkPeriod
	}
	if !t.opened || period == t.period {
		return false
	}
	t.set(period)
	return period == restPeriod
}

// wake lets an input at rest tick now. It may be called by any goroutine.
func (t *ticker) wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.woken = true
	if t.opened && t.period == restPeriod {
		t.set(hurryPeriod)
	}
}

func (t *ticker) set(period time.Duration) {
	t.period = period
	C.o365_ticker_set(t.fd, C.long(period.Milliseconds()))
}

func (t *ticker) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.opened {
		t.opened = false
		C.o365_ticker_close(t.instance, t.collector, t.fd)
	}
}
