package health

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// State is how collecting a stream goes. Health records have it as text.
type State string

// The states.
const (
	Starting State = "starting" // nothing has been listed since the start
	OK       State = "ok"
	Degraded State = "degraded" // collected, but late, in part, or not for much longer
	Failing  State = "failing"  // not collected
)

// Cause is why a stream is not OK. What and Do are the same text for every stream
// that has the same cause: lines and mails are grouped by them.
type Cause struct {
	What   string // plain sentence: what is wrong
	Do     string // how to fix it: a command, a step in the portal, or that nothing need be done
	Detail string // the error itself, with its codes and ids

	// Transient causes end without anybody's help: throttling, an outage, a first
	// listing. Nobody is alerted while a stream is no worse than Degraded by one.
	Transient bool
}

// Status is the state of a stream at one moment.
type Status struct {
	source.Stream
	State  State
	Since  time.Time // when the state began
	Causes []Cause   // worst first; none if the state is OK or Starting
}
