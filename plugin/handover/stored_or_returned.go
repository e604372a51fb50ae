package handover

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
)

// tracker decides when the batches of a round are in Fluent Bit's storage, and
// which of them have to be delivered again. It does no input or output and
// reads no clock. It is not safe for use by several goroutines.
//
// A batch that was handed over is not stored yet: a threaded input's data waits
// on a ring buffer until Fluent Bit's main thread, every 250 ms, moves it into a
// chunk (src/flb_input_chunk.c, flb_input_chunk_ring_buffer_collector). What is
// lost on that way is not reported. But on that way the main thread also counts
// records and bytes in the input's own metrics, which the plugin can read.
//
// Nothing new is handed over until everything of the last round is decided. So
// either the counters have moved by the whole round or something is wrong, and
// it is certain which batches they count.
type tracker struct {
	host  abilities
	round []entry
	base  Amount // the counters before the round

	last      Amount    // the counters when they last moved
	lastMoved time.Time // the hand-over, or the last time that the counters moved or the input was paused
	firstTick time.Time // without counters: first tick since the hand-over or the last pause, zero if none

	bytesChanged     bool // processors change bytes, not records
	recordsChanged   bool // processors change the number of records
	batchesDropped   bool // processors drop whole batches
	incompleteRounds int  // in a row
}

type entry struct {
	batch *o365.Batch
	Amount
}

// abilities are what a Fluent Bit can count.
type abilities struct {
	records    bool // and bytes: built with metrics
	ringWrites bool // batches put on the ring buffer: 4.1 and later
}

// sample is the state of Fluent Bit at one moment.
type sample struct {
	at     time.Time
	paused bool // Fluent Bit has paused the input: it may have left the ring buffer as it is
	valid  bool // the counters could be read
	Counters
}

// Waiting times; a pause of the input starts them again.
const (
	// settleTime is how long the counters must not have moved before a round of
	// which they show a part is decided: eight turns of the ring buffer.
	settleTime = 2 * time.Second
	// settleTimeChanged is the same once processors are known to change the
	// number of records.
	settleTimeChanged = time.Second
	// ringTimeout is how long a batch may be on the ring buffer without being
	// counted. A slow filter can hold up the main thread.
	ringTimeout = 30 * time.Second
	// uncountedDelay is the time between two ticks after which a round counts as
	// stored if Fluent Bit has no counters.
	uncountedDelay = time.Second
)

// maxIncompleteRounds is after how many incomplete rounds in a row a Fluent Bit
// that does not show what processors drop (before 4.1) is assumed to have
// dropped what is missing.
const maxIncompleteRounds = 5

func newTracker(host abilities) *tracker { return &tracker{host: host} }

// outstanding is the number of batches not yet decided. Only at zero may the
// next round begin.
func (t *tracker) outstanding() int { return len(t.round) }

// add adds a batch that Fluent Bit has just accepted to the round. before is
// the state before that.
func (t *tracker) add(batch *o365.Batch, before sample) {
	if len(t.round) == 0 {
		t.base, t.last = before.Amount, before.Amount
	}
	amount := Amount{Records: int64(batch.Records), Bytes: int64(len(batch.Events))}
	t.round = append(t.round, entry{batch, amount})
	t.lastMoved = before.at
	t.firstTick = time.Time{}
}

// observe takes the state at a tick and decides the round if that is possible.
func (t *tracker) observe(s sample) decision {
	switch {
	case len(t.round) == 0:
		return decision{}
	case !t.host.records:
		return t.withoutCounters(s)
	case !s.valid:
		return decision{}
	}
	if s.Amount != t.last || s.paused {
		t.last, t.lastMoved = s.Amount, s.at
	}
	moved := s.Amount.minus(t.base)
	if t.allCounted(moved) {
		t.recordsChanged = false
		return t.acknowledgeAll(stored)
	}
	still := s.at.Sub(t.lastMoved)
	if moved == (Amount{}) {
		return t.noneCounted(still)
	}
	return t.partlyCounted(moved, still)
}

// final is observe for the last time: batches that the counters do not show are
// left undecided, so that they are collected again after the next start.
func (t *tracker) final(s sample) decision {
	if len(t.round) == 0 || !t.host.records || !s.valid {
		return decision{}
	}
	moved := s.Amount.minus(t.base)
	if t.allCounted(moved) {
		return t.acknowledgeAll(stored)
	}
	doubtful, ok := t.missing(moved)
	if !ok {
		return decision{}
	}
	d := decision{outcome: stored}
	for i, e := range t.round {
		if !doubtful[i] {
			d.acknowledged = append(d.acknowledged, e.batch)
		}
	}
	t.round = nil
	return d
}

// allCounted reports whether the counters moved by the whole round.
func (t *tracker) allCounted(moved Amount) bool {
	total := t.total()
	return moved == total || t.bytesChanged && moved.Records == total.Records
}

func (t *tracker) total() Amount {
	var sum Amount
	for _, e := range t.round {
		sum = sum.plus(e.Amount)
	}
	return sum
}

// withoutCounters is for a Fluent Bit built without metrics. One tick proves
// nothing, as the process may have stood still until then.
func (t *tracker) withoutCounters(s sample) decision {
	switch {
	case s.paused:
		t.firstTick = time.Time{}
	case t.firstTick.IsZero():
		t.firstTick = s.at
	case s.at.Sub(t.firstTick) >= uncountedDelay:
		return t.acknowledgeAll(assumedStored)
	}
	return decision{}
}

// noneCounted is for a round of which the counters show nothing. still is how
// long they have not moved.
func (t *tracker) noneCounted(still time.Duration) decision {
	if t.batchesDropped && still >= settleTime {
		return t.acknowledgeAll(batchesDropped)
	}
	if still < ringTimeout {
		return decision{}
	}
	return t.giveBack(notStored, nil)
}

// partlyCounted is for a round of which the counters show something else than
// the whole. still is how long they have not moved.
func (t *tracker) partlyCounted(moved Amount, still time.Duration) decision {
	if still < settleTime && !(t.recordsChanged && still >= settleTimeChanged) {
		return decision{}
	}
	if t.recordsChanged {
		return t.acknowledgeAll(amountChanged)
	}
	doubtful, ok := t.missing(moved)
	switch {
	case !ok && moved.Records == t.total().Records:
		t.bytesChanged = true
		return t.acknowledgeAll(amountChanged)
	case !ok:
		t.recordsChanged = true
		return t.acknowledgeAll(amountChanged)
	case t.batchesDropped:
		return t.acknowledgeAll(batchesDropped)
	case t.firstOnes(moved) && still < ringTimeout:
		return decision{}
	}
	return t.giveBack(partlyStored, doubtful)
}

// firstOnes reports whether the counters show exactly the first batches of the
// round: the others may still be on the ring buffer.
func (t *tracker) firstOnes(moved Amount) bool {
	var sum Amount
	for _, e := range t.round {
		if sum = sum.plus(e.Amount); sum == moved {
			return true
		}
	}
	return false
}

func (t *tracker) acknowledgeAll(o outcome) decision {
	d := decision{outcome: o}
	for _, e := range t.round {
		d.acknowledged = append(d.acknowledged, e.batch)
	}
	t.round, t.incompleteRounds = nil, 0
	return d
}

// giveBack ends the round: the doubtful batches are returned (nil: all of
// them), the others acknowledged.
func (t *tracker) giveBack(o outcome, doubtful []bool) decision {
	if t.incompleteRounds++; !t.host.ringWrites && t.incompleteRounds >= maxIncompleteRounds {
		t.batchesDropped = true
		return t.acknowledgeAll(batchesDropped)
	}
	d := decision{outcome: o}
	for i, e := range t.round {
		if doubtful != nil && !doubtful[i] {
			d.acknowledged = append(d.acknowledged, e.batch)
			continue
		}
		d.returned = append(d.returned, e.batch)
		d.missing = d.missing.plus(e.Amount)
	}
	t.round = nil
	return d
}
