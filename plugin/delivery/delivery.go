// Package delivery decides when a batch that was handed over to Fluent Bit is
// in its storage, and when it has to be handed over again.
//
// Handing over is not acceptance: a threaded input's data waits on a ring
// buffer until Fluent Bit's main thread, every 250 ms, moves it into a chunk
// (src/flb_input_chunk.c, flb_input_chunk_ring_buffer_collector). What is lost
// on that way is lost in silence. But on that way the main thread also counts
// records and bytes in the input's own metrics, and these can be read back.
//
// Batches go over in rounds: nothing new is handed over until everything of
// the last round is decided. So the counters have moved by the whole round or
// something is wrong, and there is no guessing about which batch they mean.
//
// The package does no input or output and never looks at a clock.
package delivery

import "time"

// Load is what a batch weighs, or how far the host's counters have moved.
type Load struct {
	Records int64
	Bytes   int64 // MessagePack
}

func (l Load) plus(m Load) Load  { return Load{l.Records + m.Records, l.Bytes + m.Bytes} }
func (l Load) minus(m Load) Load { return Load{l.Records - m.Records, l.Bytes - m.Bytes} }

// Sample is what was seen of the host at one moment.
type Sample struct {
	At     time.Time
	Paused bool // Fluent Bit has paused the input: it may have left the ring as it is
	Valid  bool // the counters could be read
	Load        // the counters
}

// Times of waiting, all of them without a pause in between.
const (
	// Settle is how long the counters must have stood still before a round
	// they do not explain is decided all the same: eight turns of the ring.
	Settle = 2 * time.Second
	// Settled is the same once the host is known to change counts.
	Settled = time.Second
	// Patience is how long a batch may lie on the ring uncounted. The main
	// thread can be held up by a slow filter.
	Patience = 30 * time.Second
	// Blind is how far apart two quiet ticks must be where the host has no
	// counters.
	Blind = time.Second
)

// drops is after how many incomplete rounds in a row a host that cannot say
// what its processors drop (before 4.1) is believed to have dropped the rest.
const drops = 5

// Host says what a host can tell about itself.
type Host struct {
	Counts     bool // it counts records and bytes
	RingWrites bool // it counts what it puts on the ring (4.1 and later)
}

// Finding tells why a round ended as it did.
type Finding int

// The findings.
const (
	Pending   Finding = iota // nothing decided
	Stored                   // the counters show every batch
	Waited                   // no counters: confirmed because time has passed
	Lost                     // some batches never arrived, although others did
	Unseen                   // nothing arrived
	Processed                // the input's processors change counts: confirmed because time has passed
	Dropped                  // the input's processors seem to drop whole batches: confirmed
)

// Verdict is what to do with batches of the round.
type Verdict[B any] struct {
	Finding   Finding
	Confirmed []B
	Returned  []B // to be handed over again
	Missing   Load
}

// Tracker follows one input's rounds. It is not safe for use by several
// goroutines.
type Tracker[B any] struct {
	host  Host
	round []entry[B]
	base  Load // the counters before the round

	last  Load      // the counters when they last moved
	quiet time.Time // since when nothing has moved and the input has not been paused
	seen  time.Time // first quiet tick after the hand-over, zero if none

	resized bool // processors change bytes, not records
	changed bool // processors change records
	misses  int  // incomplete rounds in a row
	dropper bool // processors drop whole batches
}

type entry[B any] struct {
	batch B
	Load
}

// New returns a Tracker for an input of the given host.
func New[B any](host Host) *Tracker[B] { return &Tracker[B]{host: host} }

// Outstanding is the number of batches not yet decided. Only at zero may the
// next round begin.
func (t *Tracker[B]) Outstanding() int { return len(t.round) }

// Handed adds a batch the host has just taken. before is the state of the
// counters before it was handed over.
func (t *Tracker[B]) Handed(batch B, weight Load, before Sample) {
	if len(t.round) == 0 {
		t.base, t.last = before.Load, before.Load
	}
	t.round = append(t.round, entry[B]{batch, weight})
	t.quiet = before.At
	t.seen = time.Time{}
}

// Observe takes the state of the host at a tick and decides what can be
// decided.
func (t *Tracker[B]) Observe(s Sample) Verdict[B] {
	switch {
	case len(t.round) == 0:
		return Verdict[B]{}
	case !t.host.Counts:
		return t.blind(s)
	case !s.Valid:
		return Verdict[B]{}
	}
	if s.Load != t.last || s.Paused {
		t.last, t.quiet = s.Load, s.At
	}
	moved := s.Load.minus(t.base)
	if t.explained(moved) {
		t.changed = false
		return t.confirm(Stored)
	}
	still := s.At.Sub(t.quiet)
	if moved == (Load{}) {
		return t.unseen(still)
	}
	return t.partly(moved, still)
}

// Final is Observe for the last time: what the counters do not show is left
// undecided, to be collected again at the next start.
func (t *Tracker[B]) Final(s Sample) Verdict[B] {
	if len(t.round) == 0 || !t.host.Counts || !s.Valid {
		return Verdict[B]{}
	}
	moved := s.Load.minus(t.base)
	if t.explained(moved) {
		return t.confirm(Stored)
	}
	doubtful, ok := t.missing(moved)
	if !ok {
		return Verdict[B]{}
	}
	v := Verdict[B]{Finding: Stored}
	for i, e := range t.round {
		if !doubtful[i] {
			v.Confirmed = append(v.Confirmed, e.batch)
		}
	}
	t.round = nil
	return v
}

// explained reports whether the counters moved by the whole round.
func (t *Tracker[B]) explained(moved Load) bool {
	total := t.total()
	return moved == total || t.resized && moved.Records == total.Records
}

func (t *Tracker[B]) total() Load {
	var sum Load
	for _, e := range t.round {
		sum = sum.plus(e.Load)
	}
	return sum
}

// blind is for hosts built without metrics.
func (t *Tracker[B]) blind(s Sample) Verdict[B] {
	switch {
	case s.Paused:
		t.seen = time.Time{}
	case t.seen.IsZero():
		t.seen = s.At
	case s.At.Sub(t.seen) >= Blind:
		return t.confirm(Waited)
	}
	return Verdict[B]{}
}

// unseen is for a round of which nothing has been counted.
func (t *Tracker[B]) unseen(still time.Duration) Verdict[B] {
	if t.dropper && still >= Settle {
		return t.confirm(Dropped)
	}
	if still < Patience {
		return Verdict[B]{}
	}
	return t.giveBack(Unseen, nil)
}

// partly is for a round of which something else than the whole was counted.
func (t *Tracker[B]) partly(moved Load, still time.Duration) Verdict[B] {
	if still < Settle && !(t.changed && still >= Settled) {
		return Verdict[B]{}
	}
	if t.changed {
		return t.confirm(Processed)
	}
	doubtful, ok := t.missing(moved)
	switch {
	case !ok && moved.Records == t.total().Records:
		t.resized = true
		return t.confirm(Processed)
	case !ok:
		t.changed = true
		return t.confirm(Processed)
	case t.dropper:
		return t.confirm(Dropped)
	case t.behind(moved) && still < Patience:
		return Verdict[B]{}
	}
	return t.giveBack(Lost, doubtful)
}

// behind reports whether the counters are just part of the way through the
// round: the rest may still lie on the ring.
func (t *Tracker[B]) behind(moved Load) bool {
	var sum Load
	for _, e := range t.round {
		if sum = sum.plus(e.Load); sum == moved {
			return true
		}
	}
	return false
}

func (t *Tracker[B]) confirm(why Finding) Verdict[B] {
	v := Verdict[B]{Finding: why}
	for _, e := range t.round {
		v.Confirmed = append(v.Confirmed, e.batch)
	}
	t.round, t.misses = nil, 0
	return v
}

// giveBack ends the round: what is doubtful is returned (nil: all of it), the
// rest confirmed.
func (t *Tracker[B]) giveBack(why Finding, doubtful []bool) Verdict[B] {
	if t.misses++; !t.host.RingWrites && t.misses >= drops {
		t.dropper = true
		return t.confirm(Dropped)
	}
	v := Verdict[B]{Finding: why}
	for i, e := range t.round {
		if doubtful != nil && !doubtful[i] {
			v.Confirmed = append(v.Confirmed, e.batch)
			continue
		}
		v.Returned = append(v.Returned, e.batch)
		v.Missing = v.Missing.plus(e.Load)
	}
	t.round = nil
	return v
}
