package handover

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
)

// absenceBeforeWarning is how long a problem must have been absent before it is
// logged again.
const absenceBeforeWarning = 10 * time.Minute

// Why nothing is handed over. The source reports it if it lasts, a full disk at
// once.
var (
	causePaused = health.Cause{
		What: "Fluent Bit has paused this input",
		Do:   "its buffer is full because its outputs are too slow or failing: check its log for their errors, or raise mem_buf_limit or storage.total_limit_size",
	}
	causeDiskFull = health.Cause{
		What: "the disk of Fluent Bit's storage.path is full",
		Do:   "make room there, or fix the outputs, whose backlog fills it: check Fluent Bit's log for their errors; nothing is handed over until there is room, because Fluent Bit would lose it",
	}
	causeQueueFull = health.Cause{
		What: "Fluent Bit accepts no more records",
		Do:   "its queue between threads is full because its outputs are too slow or failing: check its log for their errors",
	}
	causeNotStored = health.Cause{
		What: "Fluent Bit does not store the records it accepts",
		Do:   "make room on the disk of storage.path, or raise storage.total_limit_size; Fluent Bit's own log has the reason",
	}
)

// logMissingAbilities logs what this Fluent Bit lacks and what follows.
func (h *Handover) logMissingAbilities() {
	if !h.abilities.records {
		h.log.Log(logging.Warn, "this Fluent Bit has no metrics: a batch counts as stored after a fixed time")
	}
	if !h.host.CanAppend() {
		h.log.Log(logging.Warn, "this Fluent Bit takes one batch a second, and always under the tag of the section: flb_input_log_append_records is not exported")
	}
}

// diskFull is called if a batch does not fit on the disk of Fluent Bit's chunks.
func (h *Handover) diskFull() {
	h.backOff()
	h.source.Held(causeDiskFull, true)
}

// notAccepted is called if a batch is not on the ring buffer.
func (h *Handover) notAccepted() {
	wait := h.backOff()
	h.source.Held(causeQueueFull, false)
	if h.isNew(appendFailed) {
		h.warnf("Fluent Bit took no more records (flb_input_log_append_records failed), trying again in %v", wait)
	}
}

// explain logs what a decision means for the person who runs Fluent Bit, if it
// is a new problem. The source reports one that lasts.
func (h *Handover) explain(d decision, wait time.Duration) {
	switch d.outcome {
	case partlyStored:
		h.source.Held(causeNotStored, false)
		if h.isNew(d.outcome) {
			h.warnf("Fluent Bit did not store %d of %d batches (%d records) it had accepted; they are handed over again in %v. "+
				"Its own log has the reason: storage.total_limit_size or a full disk, for example",
				len(d.returned), len(d.returned)+len(d.acknowledged), d.missing.Records, wait)
		}
	case notStored:
		h.source.Held(causeNotStored, false)
		if h.isNew(d.outcome) {
			h.warnf("Fluent Bit has stored none of %d batches (%d records) within %v; they are handed over again in %v",
				len(d.returned), d.missing.Records, ringTimeout, wait)
		}
	case batchesDropped:
		if h.isNew(d.outcome) {
			h.warnf("batches are missing again and again in this input's counters: assuming that its processors drop them. " +
				"With Fluent Bit 4.1 and later nothing is assumed; filters are counted in every version")
		}
	case amountChanged:
		if _, logged := h.lastSeen[d.outcome]; !logged {
			h.lastSeen[d.outcome] = time.Now()
			h.log.Log(logging.Info, "this input's processors change the records: a batch counts as stored once Fluent Bit's counters stop moving")
		}
	}
}

// isNew reports whether a problem is to be logged: it is new, or has been absent
// for absenceBeforeWarning.
func (h *Handover) isNew(problem outcome) bool {
	now := time.Now()
	last, seen := h.lastSeen[problem]
	h.lastSeen[problem] = now
	return !seen || now.Sub(last) >= absenceBeforeWarning
}

func (h *Handover) warnf(format string, args ...any) {
	logging.Logger(h.log.Log).Warnf(format, args...)
}
