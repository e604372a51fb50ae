package delivery

import (
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/record"
)

// scratch is the memory of a download, whatever the size of its item.
type scratch struct {
	decoder *record.Decoder
	events  []byte
	created []uint32
	fresh   []fresh
	claims  []ledger.Claim
}

// maxScratchEvents is the largest buffer of events that is kept for the next download,
// in bytes.
const maxScratchEvents = 4 * maxPartSize

// takeScratch returns memory that another download has used, or new.
func (t *Tenant) takeScratch() *scratch {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.idle); n > 0 {
		s := t.idle[n-1]
		t.idle = t.idle[:n-1]
		return s
	}
	options := record.Options{Scope: strings.ToLower(t.name), MaxSize: t.delivery.config.RecordMax}
	return &scratch{decoder: record.NewDecoder(nil, options)}
}

// putScratch keeps the memory for the next download, unless a large record has
// enlarged it.
func (t *Tenant) putScratch(s *scratch) {
	if cap(s.events) > maxScratchEvents {
		return
	}
	s.decoder.Reset(record.Body{})
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle = append(t.idle, s)
}
