// Package handover moves batches from the collector to Fluent Bit. It is what
// a tick of the plugin does: decide what became of the last round of batches
// (package delivery), hand over the next one, and print the lines that were
// logged meanwhile.
//
// All methods of an Instance are called on the one thread that Fluent Bit runs
// the input on, and return in milliseconds: while one of them runs, Fluent Bit
// cannot stop, and a batch handed over then would be lost.
package handover

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/delivery"
)

// Bounds of one round. Fluent Bit's ring buffer holds copies, in 1024 places.
const (
	roundBytes   = 8 << 20
	roundBatches = 256
	roundTime    = 50 * time.Millisecond
)

// Until it is known where chunks are, they may be on a disk that is nearly
// full, and those that are open can be missed: the first rounds are small.
const (
	probes     = 5
	probeBytes = 1 << 20
)

// Host is Fluent Bit as one input sees it.
type Host interface {
	// Print writes a line to Fluent Bit's log.
	Print(level health.Level, line string)
	// Counters reads the input's own metrics, false if that is not possible now.
	Counters() (delivery.Counters, bool)
	// CanAppend reports whether there is Append.
	CanAppend() bool
	// Append puts so many records on the input's ring buffer, under the tag or,
	// if it is empty, under that of the section. False: they are not there.
	Append(tag string, events []byte, records int) bool
	// Free is how many bytes the disk of Fluent Bit's chunks has free for this
	// input, false if they are in memory or not known to be anywhere else. A
	// disk shows while a chunk is open: soon after a round was handed over.
	Free() (bytes int64, ok bool)
}

// Source is where batches come from: an o365.Input.
type Source interface {
	Next() *o365.Batch
	Confirm(*o365.Batch)
	Return(*o365.Batch)
	// Held says why nothing is taken. People are told at once, or if it lasts.
	Held(why health.Cause, atOnce bool)
	Close()
}

// Instance is one input.
type Instance struct {
	host    Host
	source  Source
	log     *Queue
	can     delivery.Host
	tracker *delivery.Tracker[*o365.Batch]
	backoff delivery.Backoff
	hold    time.Time // nothing is handed over before
	paused  bool
	handed  int64 // bytes
	probed  int   // rounds
	said    map[delivery.Finding]time.Time
}

// New starts nothing; log is the queue that source logs to.
func New(host Host, source Source, log *Queue) *Instance {
	counters, counts := host.Counters()
	can := delivery.Host{Counts: counts, RingWrites: counters.HasRing && host.CanAppend()}
	in := &Instance{
		host: host, source: source, log: log, can: can,
		tracker: delivery.New[*o365.Batch](can),
		said:    make(map[delivery.Finding]time.Time),
	}
	if !counts {
		log.Log(health.Warn, "this Fluent Bit has no metrics: batches count as stored when it had time enough to store them")
	}
	if !host.CanAppend() {
		log.Log(health.Warn, "this Fluent Bit takes one batch a second, and always under the tag of the section: flb_input_log_append_records is not exported")
	}
	return in
}

// Pause stops the hand-over until Resume: Fluent Bit has no room, or shuts
// down.
func (in *Instance) Pause() {
	in.paused = true
	in.source.Held(health.Cause{
		What: "Fluent Bit has paused this input",
		Do:   "its buffer is full because its outputs are too slow or failing: look for their errors in its log, or raise mem_buf_limit or storage.total_limit_size",
	}, false)
}

// Resume ends a Pause.
func (in *Instance) Resume() { in.paused = false }

// Tick does what there is to do, and reports whether there was anything.
func (in *Instance) Tick() (busy bool) {
	busy = in.settle()
	if in.host.CanAppend() && in.ready() {
		busy = in.round() || busy
	}
	in.log.Flush(in.host)
	return busy
}

// Handed is how many bytes have been handed over so far.
func (in *Instance) Handed() int64 { return in.handed }

// Collect is Tick for hosts that take one batch as the result of a callback.
// The caller passes the events on at once.
func (in *Instance) Collect() (events []byte, busy bool) {
	busy = in.Tick()
	if in.host.CanAppend() || !in.ready() {
		return nil, busy
	}
	before, ok := in.sample()
	if !ok {
		return nil, busy
	}
	b := in.source.Next()
	if b == nil {
		return nil, busy
	}
	if !in.room().fits(len(b.Events)) {
		in.source.Return(b)
		in.noRoom()
		return nil, busy
	}
	in.handed += int64(len(b.Events))
	in.tracker.Handed(b, load(b), before.Sample)
	return b.Events, true
}

// Stop confirms what is certain, closes the source and prints the last lines.
func (in *Instance) Stop() {
	if s, ok := in.sample(); ok {
		in.apply(in.tracker.Final(s.Sample))
	}
	in.source.Close()
	in.log.Flush(in.host)
}

// ready reports whether a new round may begin.
func (in *Instance) ready() bool {
	return !in.paused && in.tracker.Outstanding() == 0 && !time.Now().Before(in.hold)
}

// round hands over what is there, and reports whether that was anything.
func (in *Instance) round() bool {
	b := in.source.Next()
	if b == nil {
		return false
	}
	start, room := time.Now(), in.room()
	if !room.fits(len(b.Events)) {
		in.source.Return(b)
		in.noRoom()
		return false
	}
	most := in.most(room)
	for bytes, n := 0, 0; b != nil; b = in.source.Next() {
		bytes += len(b.Events)
		if n++; n > 1 && (bytes > most || !room.fits(bytes)) {
			in.source.Return(b)
			break
		}
		if !in.hand(b) || n == roundBatches || time.Since(start) >= roundTime {
			break
		}
	}
	return true
}

// hand hands over a batch, and reports whether the host has taken it.
func (in *Instance) hand(b *o365.Batch) bool {
	in.handed += int64(len(b.Events))
	before, ok := in.sample()
	if !ok || !in.host.Append(b.Tag, b.Events, b.Records) {
		in.source.Return(b)
		in.refused()
		return false
	}
	if in.swallowed(before) {
		in.source.Confirm(b)
	} else {
		in.tracker.Handed(b, load(b), before.Sample)
	}
	return true
}

// room is what the disk of Fluent Bit's chunks has free.
type room struct {
	bytes int64
	known bool
}

func (in *Instance) room() (r room) {
	r.bytes, r.known = in.host.Free()
	return r
}

// fits reports whether there is room for so many bytes, and for as many again:
// chunks are more than their records, and others write to the disk as well.
// What does not fit is lost (Disk).
func (r room) fits(bytes int) bool { return !r.known || int64(bytes) <= r.bytes/2 }

// most is how many bytes a round may have that begins now, unless its first
// batch is larger.
func (in *Instance) most(r room) int {
	if r.known || in.probed == probes {
		return roundBytes
	}
	in.probed++
	return probeBytes
}

// swallowed reports whether the host took a batch without putting it on the
// ring: then the input's processors have dropped all of it (src/flb_input_log.c,
// input_log_append).
func (in *Instance) swallowed(before sample) bool {
	after, ok := in.sample()
	return ok && in.can.RingWrites && after.ring == before.ring
}

// settle decides what became of the last round, and reports whether there was
// one.
func (in *Instance) settle() bool {
	if in.tracker.Outstanding() == 0 {
		return false
	}
	s, _ := in.sample()
	in.apply(in.tracker.Observe(s.Sample))
	in.room() // not for the answer: the host finds the disk while chunks are open
	return true
}

func (in *Instance) apply(v delivery.Verdict[*o365.Batch]) {
	for _, b := range v.Confirmed {
		in.source.Confirm(b)
	}
	for _, b := range v.Returned {
		in.source.Return(b)
	}
	var wait time.Duration
	switch {
	case len(v.Returned) > 0:
		wait = in.backoff.Next()
		in.hold = time.Now().Add(wait)
	case len(v.Confirmed) > 0:
		in.backoff.Reset()
	}
	in.explain(v, wait)
}

type sample struct {
	delivery.Sample
	ring int64
}

// sample reads the state of the host. It reports false if the host has
// counters that cannot be read now.
func (in *Instance) sample() (sample, bool) {
	s := sample{Sample: delivery.Sample{At: time.Now(), Paused: in.paused}}
	if !in.can.Counts {
		return s, true
	}
	c, ok := in.host.Counters()
	s.Valid, s.Load, s.ring = ok, c.Load, c.RingWrites
	return s, ok
}

func load(b *o365.Batch) delivery.Load {
	return delivery.Load{Records: int64(b.Records), Bytes: int64(len(b.Events))}
}
