package handover

import "github.com/fluent-bit-o365/fluent-bit-o365/o365"

// outcome is how a round ended.
type outcome int

const (
	undecided      outcome = iota
	stored                 // the counters show every batch
	assumedStored          // Fluent Bit has no counters; enough time has passed
	partlyStored           // some batches never arrived, although others did
	notStored              // nothing arrived
	amountChanged          // the input's processors change records or their number; enough time has passed
	batchesDropped         // the input's processors seem to drop whole batches
)

// appendFailed is beside the outcomes of rounds: Fluent Bit has not accepted a
// batch.
const appendFailed outcome = -1

// decision is what is to be done with the batches of a round. An undecided one
// has none.
type decision struct {
	outcome      outcome
	acknowledged []*o365.Batch
	returned     []*o365.Batch // to be delivered again
	missing      Amount        // of the returned ones
}
