// Package o365 collects Microsoft 365 audit records and hands each over once,
// as Fluent Bit events, to whoever embeds it.
//
// [Open] starts collecting; it returns at once and needs no network.
// [Input.Next] gives the batches and waits for nothing. Every batch is answered by
// its Ack, when the receiver has stored it, or by its Nack, when it did not take it;
// only acknowledged batches count as delivered.
//
// # The promise
//
// Nothing is lost: every record that the API offers in its 7 days comes out of
// Next until it has been acknowledged, also after a restart if there is a state
// file. What can't be had any more is reported. Nothing comes twice: after an
// acknowledgement, a record comes again only if the process is killed before the
// state file has it. Nothing is changed: see package record.
package o365

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/archive"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/replay"
)

// Host is what the embedding program gives.
type Host struct {
	// Name is what the input is called there, for mails; may be empty.
	Name string
	// Log takes the lines that people should see. It must not block.
	Log logging.Logger
	// Ready is called, by any goroutine, when Next has a batch again after it had none.
	// It must not block, and may be nil.
	Ready func()
	// Shared is what all inputs of the process have in common.
	Shared *Shared
}

// Batch is a number of events of one tag that are handed over in one piece.
type Batch = delivery.Batch

// Input collects from one or more tenants until it is closed.
type Input struct {
	log       logging.Logger
	delivery  *delivery.Delivery
	reporter  *reporter
	metrics   *metrics.Set
	transport *http.Transport
	archive   *archive.Archive // nil: there is none
	replay    *replay.Replay   // nil: content is collected
	cancel    context.CancelFunc
	running   sync.WaitGroup
}

// Next returns the next batch to hand over, nil if there is none now. The caller takes
// at most Config.UnstoredMax bytes, or one batch, before it answers.
func (in *Input) Next() *Batch { return in.delivery.Next() }

// Held says why the receiver takes nothing at present. People are told at once,
// or when nothing has been taken for minutes: outputs rest, and Fluent Bit
// pauses inputs.
func (in *Input) Held(why health.Cause, atOnce bool) { in.reporter.held(why, atOnce, time.Now()) }

// Metrics are the numbers of the input, from its start on.
func (in *Input) Metrics() *metrics.Set { return in.metrics }

const (
	// stopTime and closeTime bound the time that Close takes, from its start, for
	// requests to stop and for the ledger to be written: milliseconds, but for a disk
	// that is busy, and what is not written comes twice.
	stopTime  = 500 * time.Millisecond
	closeTime = 3 * time.Second
)

// Close stops collecting, and writes what was acknowledged to the state file. It
// returns within a second, or three where the disk is busy. Nothing may be called after
// it.
func (in *Input) Close() {
	in.cancel()
	if in.archive != nil {
		in.archive.Close()
	}
	begun := time.Now()
	stopped := make(chan struct{})
	go func() {
		in.running.Wait()
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-time.After(stopTime):
		in.log.Warnf("a request is still under way; it is left to itself")
	}
	in.delivery.Close(begun.Add(closeTime))
	in.transport.CloseIdleConnections()
	in.log.Infof("%s", summary(in.metrics))
}
