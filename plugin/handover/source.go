package handover

import (
	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
)

// Source is where batches come from: an o365.Input.
type Source interface {
	// Next returns the next batch, nil if there is none. Each one ends in Confirm
	// or Return, or is collected again after the next start.
	Next() *o365.Batch
	// Confirm acknowledges a batch.
	Confirm(*o365.Batch)
	// Return gives a batch back: Next returns it again before what follows it
	// under the same tag.
	Return(*o365.Batch)
	// Held reports why nothing is handed over: at once, or only if it lasts.
	Held(why health.Cause, atOnce bool)
	// Close ends the collection and writes the state.
	Close()
}

// acknowledge reports a batch as stored.
func (h *Handover) acknowledge(b *o365.Batch) { h.source.Confirm(b) }

// giveBack returns a batch that has to be delivered again.
func (h *Handover) giveBack(b *o365.Batch) { h.source.Return(b) }
