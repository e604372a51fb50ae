package ledger

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Gap is a span of contentCreated time in which something is lost: the source
// does not offer it any more.
type Gap struct {
	Stream source.Stream
	Span   source.Span // stored in whole seconds
	Reason string      // for people
	Found  time.Time   // stored in whole seconds
}

// same reports whether two gaps of a stream are one, whenever they were found.
func (g Gap) same(other Gap) bool {
	return whole(g.Span) == whole(other.Span) && g.Reason == other.Reason
}

// AddGap stores a gap. It is kept for 90 days, or for as long as its time can be
// listed, if that is longer. The same span with the same reason is added once.
func (l *Ledger) AddGap(g Gap) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.commit(l.state.addGap(g))
}

// RemoveGaps takes back gaps whose content came after all. Those that are not
// stored are left out.
func (l *Ledger) RemoveGaps(gaps ...Gap) error {
	l.changing.Lock()
	defer l.changing.Unlock()
	return l.commit(l.state.removeGaps(gaps))
}

// Gaps returns the gaps of a stream, in the order they were found.
func (l *Ledger) Gaps(s source.Stream) []Gap {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Gap(nil), l.state.gaps[s]...)
}
