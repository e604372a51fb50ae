package handover

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/delivery"
)

// quiet is how long a trouble must not have come up to be worth a word again.
const quiet = 10 * time.Minute

// refusal stands for an append that failed, beside the tracker's findings.
const refusal delivery.Finding = -1

// noRoom is for a batch that does not fit on the disk of Fluent Bit's chunks.
func (in *Instance) noRoom() {
	in.hold = time.Now().Add(in.backoff.Next())
	in.source.Held(health.Cause{
		What: "the disk of Fluent Bit's storage.path is full",
		Do:   "make room there, or mend the outputs, whose records pile up: look for their errors in Fluent Bit's log; nothing is handed over until there is room, as Fluent Bit would lose it",
	}, true)
}

// refused is for a batch that did not go on the ring buffer.
func (in *Instance) refused() {
	wait := in.backoff.Next()
	in.hold = time.Now().Add(wait)
	in.source.Held(health.Cause{
		What: "Fluent Bit takes no more records", Do: "its queue between threads is full because its outputs are too slow or failing: look for their errors in its log",
	}, false)
	if in.worthSaying(refusal) {
		in.warnf("Fluent Bit took no more records (flb_input_log_append_records failed), trying again in %v", wait)
	}
}

var notStored = health.Cause{
	What: "Fluent Bit does not store the records it takes",
	Do:   "make room on the disk of storage.path, or raise storage.total_limit_size; Fluent Bit's own log tells why",
}

// explain logs what a verdict means for who runs Fluent Bit, when it is new.
// Of a trouble that lasts the source tells.
func (in *Instance) explain(v delivery.Verdict[*o365.Batch], wait time.Duration) {
	switch v.Finding {
	case delivery.Lost:
		in.source.Held(notStored, false)
		if in.worthSaying(v.Finding) {
			in.warnf("Fluent Bit did not store %d of %d batches (%d records) it had taken; they are handed over again in %v. "+
				"Its own log tells why; storage.total_limit_size or a full disk may",
				len(v.Returned), len(v.Returned)+len(v.Confirmed), v.Missing.Records, wait)
		}
	case delivery.Unseen:
		in.source.Held(notStored, false)
		if in.worthSaying(v.Finding) {
			in.warnf("Fluent Bit has stored none of %d batches (%d records) within %v; they are handed over again in %v",
				len(v.Returned), v.Missing.Records, delivery.Patience, wait)
		}
	case delivery.Dropped:
		if in.worthSaying(v.Finding) {
			in.warnf("batches are missing again and again in this input's counters: its processors are taken to drop them. " +
				"Fluent Bit 4.1 and later can tell; filters are counted in every version")
		}
	case delivery.Processed:
		if _, told := in.said[v.Finding]; !told {
			in.said[v.Finding] = time.Now()
			in.log.Log(health.Info, "this input's processors change the records: batches count as stored when Fluent Bit's counters stand still")
		}
	}
}

func (in *Instance) worthSaying(f delivery.Finding) bool {
	now := time.Now()
	last, told := in.said[f]
	in.said[f] = now
	return !told || now.Sub(last) >= quiet
}

func (in *Instance) warnf(format string, args ...any) {
	health.Log(in.log.Log).Warnf(format, args...)
}
