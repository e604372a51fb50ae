package handover

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
)

// Bounds of one round. Fluent Bit's ring buffer holds copies, in 1024 places
// (src/flb_input.c; thread.ring_buffer.capacity from 4.1).
const (
	maxRoundBytes   = 8 << 20
	maxRoundBatches = 256
	maxRoundTime    = 50 * time.Millisecond
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
	for bytes, n := 0, 0; b != nil; b = h.source.Next() {
		bytes += len(b.Events)
		if n++; n > 1 && (bytes > limit || !room.fits(bytes)) {
			b.Nack()
			break
		}
		if !h.append(b) || n == maxRoundBatches || time.Since(start) >= maxRoundTime {
			break
		}
	}
	return true
}

// append hands a batch over, and reports whether Fluent Bit has accepted it.
func (h *Handover) append(b *o365.Batch) bool {
	h.handedOver += int64(len(b.Events))
	before, ok := h.sample()
	if !ok || !h.host.Append(b.Tag, b.Events, b.Records) {
		b.Nack()
		h.notAccepted()
		return false
	}
	if h.droppedAtOnce(before) {
		b.Ack()
	} else {
		h.tracker.add(b, before)
	}
	return true
}

// droppedAtOnce reports whether Fluent Bit accepted a batch without putting it
// on the ring buffer: then the input's processors have dropped all of it
// (src/flb_input_log.c, input_log_append). before is the state before that.
func (h *Handover) droppedAtOnce(before sample) bool {
	after, ok := h.sample()
	return ok && h.abilities.ringWrites && after.RingWrites == before.RingWrites
}
