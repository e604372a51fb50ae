package health

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// State is how collecting a stream goes.
type State string

// The states, from the best to the worst but for Standby.
const (
	Starting State = "starting" // nothing has been listed since the start
	OK       State = "ok"
	Degraded State = "degraded" // collected, but late, in part, or soon not any more
	Failing  State = "failing"  // not collected
	Standby  State = "standby"  // another instance collects it
)

// Cause is why a stream is not OK. What and Do are the same text for every
// stream that has the same cause.
type Cause struct {
	What   string // plain sentence: what is wrong
	Do     string // what mends it: a command, a portal step, or that nothing need be done
	Detail string // the error itself, with its codes and ids

	// Passing says that it mends itself: throttling, an outage, a first
	// listing. Nobody is called while a stream is no worse than Degraded by it.
	Passing bool
}

// Status is how a stream is at a moment.
type Status struct {
	source.Stream
	State  State
	Since  time.Time // when the state began
	Causes []Cause   // none if the state is OK, Starting or Standby
}
