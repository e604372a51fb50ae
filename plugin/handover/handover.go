// Package handover hands batches over from the collector to Fluent Bit, in
// rounds. At a tick of the plugin it decides what became of the last round
// (tracker), hands over the next one if that is done, and prints the lines that
// were logged meanwhile.
//
// A batch that Fluent Bit has stored is acknowledged to its source; one that
// Fluent Bit has lost is given back and delivered again.
package handover

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
)

// Host is Fluent Bit as one input sees it.
type Host interface {
	// Print writes a line to Fluent Bit's log.
	Print(level logging.Level, line string)
	// Counters reads the input's own counters, false if that is not possible now.
	Counters() (Counters, bool)
	// CanAppend reports whether Append can be used.
	CanAppend() bool
	// Append puts a batch on the input's ring buffer. It returns false if the batch
	// is not there, because the buffer is full. events are MessagePack, one event
	// after the other; records is their number. An empty tag stands for that of the
	// section.
	Append(tag string, events []byte, records int) bool
	// Free returns the free space in bytes for this input on the disk of Fluent
	// Bit's chunks, false if they are in memory or not found yet. They can be found
	// while one is open: soon after a round was handed over.
	Free() (bytes int64, ok bool)
}

// Handover is the hand-over of one input. All its methods are called on the one
// thread that Fluent Bit runs the input on, and return in milliseconds: while
// one of them runs Fluent Bit cannot stop, and a batch handed over then would be
// lost.
type Handover struct {
	host            Host
	source          Source
	log             *LogQueue
	abilities       abilities
	tracker         *tracker
	unstoredMax     int // bytes of a round
	backoff         backoff
	notBefore       time.Time // of the next round
	paused          bool
	handedOver      int64 // bytes
	smallRoundsDone int
	careful         bool                  // see carefulBatches
	lastSeen        map[outcome]time.Time // when each problem last occurred
}

// New returns the hand-over from source to host, of at most unstoredMax bytes at a time,
// or one batch. log is the queue that source logs to.
func New(host Host, source Source, unstoredMax int, log *LogQueue) *Handover {
	counters, counts := host.Counters()
	can := abilities{records: counts, ringWrites: counters.HasRing && host.CanAppend()}
	h := &Handover{
		host: host, source: source, log: log, abilities: can, unstoredMax: unstoredMax, careful: true,
		tracker:  newTracker(can),
		lastSeen: make(map[outcome]time.Time),
	}
	h.logMissingAbilities()
	return h
}

// Pause stops the hand-over until Resume: Fluent Bit's buffer is full, or it
// shuts down.
func (h *Handover) Pause() {
	h.paused = true
	h.source.Held(causePaused, false)
}

// Resume ends a Pause.
func (h *Handover) Resume() { h.paused = false }

// Pace is how soon a Handover has something to do.
type Pace int

const (
	Rest  Pace = iota // nothing is under way
	Walk              // Fluent Bit stores what is under way within 250 ms
	Hurry             // Fluent Bit stores it at once
)

// Tick decides the last round and begins the next one if possible.
func (h *Handover) Tick() Pace {
	busy := h.settle()
	if h.host.CanAppend() && h.ready() {
		busy = h.round() || busy
	}
	h.log.Flush(h.host)
	switch {
	case h.tracker.outstanding() == maxRoundBatches:
		return Hurry
	case busy:
		return Walk
	}
	return Rest
}

// Collect is Tick for a host without Append, which takes one batch as the
// result of a callback. The caller passes the events, MessagePack, on at once.
func (h *Handover) Collect() (events []byte, pace Pace) {
	pace = h.Tick()
	if h.host.CanAppend() || !h.ready() {
		return nil, pace
	}
	before, ok := h.sample()
	if !ok {
		return nil, pace
	}
	b, _ := h.first()
	if b == nil {
		return nil, pace
	}
	h.handedOver += int64(len(b.Events))
	h.tracker.add(b, before)
	return b.Events, Walk
}

// HandedOver returns how many bytes have been handed over so far, those that
// were given back included.
func (h *Handover) HandedOver() int64 { return h.handedOver }

// Stop acknowledges the batches that are certain to be stored, closes the
// source and prints the last lines.
func (h *Handover) Stop() {
	if s, ok := h.sample(); ok {
		h.apply(h.tracker.final(s))
	}
	h.source.Close()
	h.log.Flush(h.host)
}

// settle decides what became of the last round if that is possible. It reports
// whether there was a round to decide.
func (h *Handover) settle() bool {
	if h.tracker.outstanding() == 0 {
		return false
	}
	s, _ := h.sample()
	h.apply(h.tracker.observe(s))
	h.room() // not for its result: the host finds the disk while chunks are open
	return true
}

func (h *Handover) apply(d decision) {
	for _, b := range d.acknowledged {
		b.Ack()
	}
	for _, b := range d.returned {
		b.Nack()
	}
	var wait time.Duration
	switch {
	case len(d.returned) > 0:
		wait = h.backOff()
		h.careful = true
	case len(d.acknowledged) > 0:
		h.backoff.reset()
		h.careful = false
	}
	h.explain(d, wait)
}

// backOff lets the next round wait, and returns for how long.
func (h *Handover) backOff() time.Duration {
	wait := h.backoff.next()
	h.notBefore = time.Now().Add(wait)
	return wait
}

// sample reads the state of Fluent Bit. It returns false if there are counters
// that cannot be read now.
func (h *Handover) sample() (sample, bool) {
	s := sample{at: time.Now(), paused: h.paused}
	if !h.abilities.records {
		return s, true
	}
	s.Counters, s.valid = h.host.Counters()
	return s, s.valid
}
