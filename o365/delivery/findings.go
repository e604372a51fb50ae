package delivery

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/record"
)

// findings are the elements of an item that deserve a count or a log line. Each element
// is counted once, however often the item is downloaded, and each kind is logged in one
// line when the item has been read to its end. They are used by one download at a time.
type findings struct {
	from int // elements before it were counted by an earlier download
	next int // elements before it are counted

	malformed int
	first     record.Malformed // of the malformed ones
	tooLarge  int              // records over record_max
	largest   record.Record    // of those that are too large
	changed   int              // records that have the Id of another one and other content
	doubt     doubt            // of the last download that was read to its end
}

// begin starts a download. Elements before from were counted in an earlier one.
func (f *findings) begin(from int) {
	f.next = max(f.next, from)
	f.from = f.next
}

// count reports whether the element is counted for the first time.
func (f *findings) count(index int) bool {
	f.next = max(f.next, index+1)
	return index >= f.from
}

func (f *findings) addMalformed(bad *record.Malformed, m *metrics.Stream) {
	if !f.count(bad.Index) {
		return
	}
	if f.malformed == 0 {
		f.first = *bad
	}
	f.malformed++
	m.Malformed.Add(1)
}

func (f *findings) addRecord(rec record.Record, verdict ledger.Verdict, m *metrics.Stream) {
	if !f.count(rec.Index) {
		return
	}
	switch verdict {
	case ledger.Known:
		m.Duplicates.Add(1)
		return
	case ledger.Changed:
		f.changed++
		m.Conflicts.Add(1)
	}
	if n := rec.Adjusted(); n > 0 {
		m.Adjusted.Add(n)
	}
	if rec.TooLarge > 0 {
		f.tooLarge++
		m.Oversized.Add(1)
		if rec.TooLarge > f.largest.TooLarge {
			f.largest = rec
		}
	}
}

// report logs the findings of an item, which has been read to its end.
func (f *findings) report(i *item) {
	log := func(format string, args ...any) {
		i.delivery.log.Warnf("%s %s: blob %s: "+format, append([]any{i.stream.Tenant, i.stream.ContentType, i.ID}, args...)...)
	}
	if f.malformed > 0 {
		log("%d of its elements are no usable records and are left out; the first: %v", f.malformed, &f.first)
	}
	if f.tooLarge > 0 {
		log("%d records are larger than record_max; only their first fields are delivered, with "+record.TooLargeKey+
			"; the largest is record %d of %d bytes: raise record_max, 8M at most, if whole ones are wanted",
			f.tooLarge, f.largest.Index, f.largest.TooLarge)
	}
	if f.changed > 0 && i.tenant.logsConflicts(i.stream) {
		log("%d records have the Id of others, but another content; they are delivered, and counted in id_conflicts_total", f.changed)
	}
}

// conflictInterval is how often records with the Id of others are logged, for each
// content type.
const conflictInterval = time.Hour

// logsConflicts reports whether records with the Id of others are to be logged now, and
// notes that they are.
func (t *Tenant) logsConflicts(st *stream) bool {
	if st.kind.SharedIDs {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Sub(st.conflictsLogged) < conflictInterval {
		return false
	}
	st.conflictsLogged = now
	return true
}
