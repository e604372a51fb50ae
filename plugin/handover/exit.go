package handover

import (
	"fmt"
	"time"
)

const (
	// uncountedChunks is how long Fluent Bit may not count chunks until it is taken not
	// to.
	uncountedChunks = 30 * time.Second
	// waitingInterval is how often the log says that chunks wait.
	waitingInterval = time.Minute
)

// Exit decides when an input whose last record is stored may be ended: what is in memory
// when Fluent Bit stops, and not sent within its grace time, is lost.
type Exit struct {
	begun    time.Time // when the last record was stored; zero: it is not known to be
	reported time.Time
	ready    bool
}

// Ready reports whether the input may be ended. It is called again and again once the
// last record is stored; line, if any, is for the log. counted is false if Fluent Bit does
// not count chunks.
func (e *Exit) Ready(now time.Time, c Chunks, counted bool) (ready bool, line string) {
	if e.begun.IsZero() {
		e.begun, e.reported = now, now
	}
	switch {
	case e.ready:
		return true, ""
	case !counted || c.At.Before(e.begun) && now.Sub(e.begun) > uncountedChunks:
		e.ready = true
		return true, "replay_exit: this Fluent Bit does not count its chunks (storage.metrics), so it is stopped now; its outputs have the time of grace"
	case !c.At.After(e.begun):
		return false, ""
	case c.Count == 0:
		e.ready = true
		return true, "replay_exit: the outputs have taken everything; Fluent Bit is stopped"
	case now.Sub(e.reported) >= waitingInterval:
		e.reported = now
		return false, fmt.Sprintf("replay_exit: %d chunks wait for the outputs", c.Count)
	}
	return false, ""
}
