package collector

import (
	"context"
	"io"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Sink delivers items.
type Sink interface {
	// Announce says that an item is going to be downloaded. delivered is called
	// once, by any goroutine, when all of it is delivered and remembered.
	Announce(i source.Item, delivered func()) Delivery
	// Room waits until there is memory for a download. It returns only ctx's
	// error.
	Room(ctx context.Context) (release func(), err error)
}

// Delivery is one item on its way.
type Delivery interface {
	// Deliver reads the item's content to its end. After an error it is called
	// again with the content from its start; what it took before is not repeated.
	// After nil the collector waits until the item is delivered.
	Deliver(ctx context.Context, r io.Reader) error
	// Forget ends the item's life, delivered or not.
	Forget()
}

// Ledger is what the collector asks and tells about what was delivered. Its
// calls, but Since, must not wait for a disk.
type Ledger interface {
	// Since returns from when on the stream is collected: the first answer
	// it ever gave for the stream, and first if there was none.
	Since(s source.Stream, first time.Time) time.Time
	Progress(s source.Stream, contentID string) ledger.Progress
	Completed(s source.Stream) []source.Span
	Gaps(s source.Stream) []ledger.Gap
	// Complete says that all content listed in the span has been delivered.
	Complete(s source.Stream, span source.Span)
	// Retract takes back what was said of the time after a moment, which has not
	// come yet.
	Retract(s source.Stream, after time.Time)
	// Lost says that content of the gap can't be had any more.
	Lost(g ledger.Gap)
}

// Monitor is told what keeps streams from being collected; [health.Monitor] is
// one. A Stream without a ContentType is all of its tenant.
type Monitor interface {
	Set(s source.Stream, c health.Condition, severity health.State, cause health.Cause)
	Clear(s source.Stream, c ...health.Condition)
	// Listed says that the service has told what the stream has.
	Listed(s source.Stream)
	// Note takes a sentence that is good to know.
	Note(s source.Stream, text string)
}
