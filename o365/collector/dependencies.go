package collector

import (
	"context"
	"io"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Sink delivers items. It is safe for concurrent use.
type Sink interface {
	// Announce begins the delivery of an item that is going to be downloaded.
	// delivered is called once, by any goroutine, when all of the item's records are
	// acknowledged and that is in the ledger.
	Announce(i source.Item, delivered func()) Delivery
	// Room waits until there is memory for a download, which release gives back. Its
	// only error is that of ctx.
	Room(ctx context.Context) (release func(), err error)
}

// Delivery is one item between its listing and its acknowledgement.
type Delivery interface {
	// Deliver reads the item's content to its end. After an error, which may be that
	// of the reader, it is called again with the content from its start; records
	// that were delivered are skipped. After nil the collector waits until the item
	// is delivered.
	Deliver(ctx context.Context, r io.Reader) error
	// Settle lets the item count as delivered though no copy of it is kept: Deliver
	// has returned a [*source.NotKept].
	Settle()
	// Forget ends the delivery, complete or not.
	Forget()
}

// Ledger remembers what was delivered. All calls except Since must return without
// waiting for a disk. It is safe for concurrent use.
type Ledger interface {
	// Since returns from when on the stream is collected: what it returned when it
	// was first called for the stream, which is the argument first of that call.
	Since(s source.Stream, first time.Time) time.Time
	// Progress returns how much of an item is delivered.
	Progress(s source.Stream, contentID string) ledger.Progress
	// Completed returns the spans in which all content that was listed is
	// delivered, oldest first.
	Completed(s source.Stream) []source.Span
	// Gaps returns what was reported lost.
	Gaps(s source.Stream) []ledger.Gap
	// Complete adds to Completed a span of which all listed content is delivered.
	Complete(s source.Stream, span source.Span)
	// Retract removes from Completed all after a moment, which turned out to be in
	// the future.
	Retract(s source.Stream, after time.Time)
	// Lost records that content of the gap cannot be collected any more.
	Lost(g ledger.Gap)
	// TakeBack removes a gap whose content came after all, but for the parts of it
	// that are still lost.
	TakeBack(g ledger.Gap, rest ...ledger.Gap)
}

// Monitor takes reports of what keeps streams from being collected; [health.Monitor]
// implements it. A Stream without a ContentType stands for all of its tenant.
type Monitor interface {
	// Set begins a condition of a stream, or updates its severity and cause.
	Set(s source.Stream, c health.Condition, severity health.State, cause health.Cause)
	// Clear ends conditions; those that do not hold are ignored.
	Clear(s source.Stream, c ...health.Condition)
	// Listed reports the stream's first successful listing.
	Listed(s source.Stream)
	// Note logs a sentence for information.
	Note(s source.Stream, text string)
}
