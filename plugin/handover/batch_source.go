package handover

import (
	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
)

// Source is where batches come from: an o365.Input.
type Source interface {
	// Next returns the next batch, nil if there is none. Each one ends in its Ack or
	// its Nack, or is collected again after the next start.
	Next() *o365.Batch
	// Held reports why nothing is handed over: at once, or only if it lasts.
	Held(why health.Cause, atOnce bool)
	// Close ends the collection and writes the state.
	Close()
}
