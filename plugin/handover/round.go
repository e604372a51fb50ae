package handover

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
)

// Bounds of one round, besides its bytes.
const (
	// maxRoundBatches fill 5 % of the 1024 places of Fluent Bit's ring buffer: the last
	// of them makes Fluent Bit empty it at once (src/flb_ring_buffer.c,
	// flb_ring_buffer_write). Fewer wait up to 250 ms, and so would one more.
	maxRoundBatches = 52
	// carefulBatches are so few that the search for missing ones tries every set: in the
	// first round, and after one of which some were given back. So it is certain after
	// two rounds whether Fluent Bit loses batches or processors change records.
	carefulBatches = 16
	maxRoundTime   = 50 * time.Millisecond
	// mostPerSecond is how many bytes are handed over in a second: what Fluent Bit stores
	// in memory it keeps there until its next flush, of a second by default. A tenant's
	// request quota seldom allows as much.
	mostPerSecond = 32 << 20
)

// ready reports whether a new round may begin.
func (h *Handover) ready() bool {
	return !h.paused && h.tracker.outstanding() == 0 && !time.Now().Before(h.notBefore)
}

// first returns the first batch of a round and the room for the round. It
// returns nil if there is no batch, or no room for it.
func (h *Handover) first() (*o365.Batch, room) {
	b := h.source.Next()
	if b == nil {
		return nil, room{}
	}
	r := h.room()
	if !r.fits(len(b.Events)) {
		b.Nack()
		h.diskFull()
		return nil, r
	}
	return b, r
}

// round hands over the batches that are waiting, within the bounds. It reports
// whether there was one.
func (h *Handover) round() bool {
	start := time.Now()
	b, room := h.first()
	if b == nil {
		return false
	}
	limit := h.roundLimit(room)
	before, ok := h.sample()
	handedOver := h.handedOver
	for bytes, n := 0, 0; b != nil; b = h.source.Next() {
		bytes += len(b.Events)
		if n++; n > 1 && (bytes > limit || !room.fits(bytes)) {
			b.Nack()
			break
		}
		h.handedOver += int64(len(b.Events))
		if !ok || !h.host.Append(b.Tag, b.Events, b.Records) {
			b.Nack()
			h.notAccepted()
			break
		}
		after, counted := h.sample()
		if counted && h.droppedAtOnce(before, after) {
			b.Ack()
		} else {
			h.tracker.add(b, before)
		}
		if n == h.maxBatches() || time.Since(start) >= maxRoundTime {
			break
		}
		before, ok = after, counted
	}
	pause := time.Duration(h.handedOver-handedOver) * time.Second / mostPerSecond
	if next := start.Add(pause.Truncate(time.Millisecond)); next.After(h.notBefore) {
		h.notBefore = next
	}
	return true
}

// maxBatches returns how many batches a round that begins now may have.
func (h *Handover) maxBatches() int {
	if h.careful {
		return carefulBatches
	}
	return maxRoundBatches
}

// droppedAtOnce reports whether Fluent Bit accepted a batch without putting it
// on the ring buffer: then the input's processors have dropped all of it
// (src/flb_input_log.c, input_log_append). before and after are the states then.
func (h *Handover) droppedAtOnce(before, after sample) bool {
	return h.abilities.ringWrites && after.RingWrites == before.RingWrites
}
