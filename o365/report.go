package o365

import (
	"bytes"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/outbox"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/record"
)

// changed follows up a stream's change of state.
func (in *Input) changed(e health.Event) {
	up := int64(0)
	if e.State == health.OK || e.State == health.Degraded {
		up = 1
	}
	in.metrics.Stream(e.Tenant, e.ContentType).Up.Set(up)
	in.report(e)
}

// report emits a health record.
func (in *Input) report(e health.Event) {
	if in.healthTag == "" {
		return
	}
	event, _, err := record.NewDecoder(bytes.NewReader(e.JSON()), record.Options{}).Append(nil)
	if err != nil {
		in.log.Errorf("health record: %v", err)
		return
	}
	in.outbox.Push(outbox.Lane{Name: "health", Tag: in.healthTag}, event, 1, receipt{})
}

// Held says why the receiver takes nothing at present. People are told at once,
// or when nothing has been taken for minutes: outputs rest, and Fluent Bit
// pauses inputs.
func (in *Input) Held(why health.Cause, atOnce bool) { in.held.Store(&hold{why, atOnce}) }

// hold is why nothing is taken.
type hold struct {
	health.Cause
	atOnce bool
}

// moved says that something was taken, or that nothing waited for it.
func (in *Input) moved(now time.Time) {
	in.taken.Store(now.UnixNano())
	in.held.Store(nil)
}
