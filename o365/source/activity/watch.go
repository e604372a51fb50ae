package activity

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

const (
	// leastRate is what an answer must come with, in bytes per second on the wire,
	// once it has been waited for as long as request_timeout says.
	leastRate = 1 << 10
	// mostWait and mostBlobWait are how long an answer may be waited for in all.
	mostWait     = 5 * time.Minute
	mostBlobWait = time.Hour
)

func totalWait(op source.Op) time.Duration {
	if op == source.OpDownload {
		return mostBlobWait
	}
	return mostWait
}

// timeoutError is a timeout, as those of package net are.
type timeoutError string

func (e timeoutError) Error() string { return string(e) }
func (timeoutError) Timeout() bool   { return true }

const errStalled = timeoutError("no answer within request_timeout")

// stallOr names the watchdog as the cause where it was one.
func stallOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause == errStalled {
		return errStalled
	}
	return err
}

// watchedBody is a body of which each read is bounded in time, and all of them
// together by how much has come, however long the reader takes between two of
// them.
type watchedBody struct {
	body     io.ReadCloser
	ctx      context.Context
	cancel   context.CancelCauseFunc
	watchdog *time.Timer
	timeout  time.Duration
	total    time.Duration

	waited time.Duration
	bytes  int64
	slow   error
}

func (b *watchedBody) Read(p []byte) (int, error) {
	if b.slow != nil {
		return 0, b.slow
	}
	begun := time.Now()
	b.watchdog.Reset(b.timeout)
	n, err := b.body.Read(p)
	b.watchdog.Stop()
	b.waited += time.Since(begun)
	b.bytes += int64(n)
	if err != nil {
		// The end too: a server that is left may still end its answer well.
		return n, stallOr(b.ctx, err)
	}
	switch allowed := b.timeout + time.Duration(b.bytes/leastRate)*time.Second; {
	case b.waited > allowed:
		b.slow = timeoutError(fmt.Sprintf("the answer comes slower than %d bytes per second", leastRate))
	case b.waited > b.total:
		b.slow = timeoutError(fmt.Sprintf("the answer takes longer than %s", b.total))
	}
	return n, nil
}

func (b *watchedBody) Close() error {
	b.watchdog.Stop()
	b.cancel(nil)
	return b.body.Close()
}
