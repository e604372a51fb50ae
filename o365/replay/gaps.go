package replay

import (
	"strings"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// gaps are what is lost to this replay, and what was to an earlier one.
type gaps struct {
	mu    sync.Mutex
	known map[lost]ledger.Gap
}

// lost is what a gap is of. Its reason begins with that.
type lost struct {
	stream source.Stream
	of     string
}

// loadGaps reads the gaps of earlier runs.
func (r *Replay) loadGaps() {
	r.gaps.known = make(map[lost]ledger.Gap)
	for _, s := range r.config.Streams {
		for _, g := range r.config.Sinks[s.Tenant].Gaps(s) {
			of, _, _ := strings.Cut(g.Reason, ": ")
			r.gaps.known[lost{s, of}] = g
		}
	}
}

// addGap records a gap, unless an earlier run did.
func (r *Replay) addGap(s source.Stream, span source.Span, of, what string) {
	g := ledger.Gap{Stream: s, Span: span, Reason: of + ": " + what, Found: time.Now().UTC()}
	r.gaps.mu.Lock()
	_, known := r.gaps.known[lost{s, of}]
	r.gaps.known[lost{s, of}] = g
	r.gaps.mu.Unlock()
	if !known {
		r.config.Sinks[s.Tenant].Lost(g)
	}
}

// takeBackGap removes the gap of what came after all, if there is one.
func (r *Replay) takeBackGap(s source.Stream, of string) {
	r.gaps.mu.Lock()
	g, known := r.gaps.known[lost{s, of}]
	delete(r.gaps.known, lost{s, of})
	r.gaps.mu.Unlock()
	if known {
		r.config.Sinks[s.Tenant].TakeBack(g)
	}
}
