package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Stall is a round tripper that ends a request of which the answer stalls (no byte
// for Timeout) or drips (fewer than a KB per second once Timeout is over). Only the
// time counts that is spent waiting for the server: a reader may pause as long as it
// likes between two reads. The errors have a method Timeout() bool, as those of
// package net have.
type Stall struct {
	Next http.RoundTripper
	// Timeout bounds the wait for the answer's header, and for each piece of its
	// body.
	Timeout time.Duration
	// Total bounds the wait for all of the body, however fast it comes.
	Total time.Duration
}

// minRate is the rate at which a body must come after Stall.Timeout, in bytes per
// second on the wire.
const minRate = 1 << 10

// ErrStalled is the error of an answer that stalls. It names the option that
// Stall.Timeout comes from.
const ErrStalled = timeoutError("no answer within request_timeout")

// timeoutError is a timeout, as those of package net are.
type timeoutError string

func (e timeoutError) Error() string { return string(e) }
func (timeoutError) Timeout() bool   { return true }

// RoundTrip implements [http.RoundTripper]. Its error is [ErrStalled] or that of
// Next, and so is that of reading the body, or one of a body that is too slow. A
// [ViaError] wraps those of a request through a proxy. After an error the body still
// must be closed.
func (s Stall) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, way := follow(r.Context())
	ctx, cancel := context.WithCancelCause(ctx)
	watchdog := time.AfterFunc(s.Timeout, func() { cancel(ErrStalled) })
	resp, err := s.Next.RoundTrip(r.WithContext(ctx))
	watchdog.Stop()
	if err != nil {
		cancel(nil)
		return nil, stallOr(ctx, way, err)
	}
	resp.Body = &watchedBody{body: resp.Body, ctx: ctx, way: way, cancel: cancel, watchdog: watchdog, timeout: s.Timeout, total: s.Total}
	return resp, nil
}

// stallOr returns ErrStalled where the watchdog was the cause of err.
func stallOr(ctx context.Context, way *route, err error) error {
	if context.Cause(ctx) == ErrStalled {
		return way.via(ErrStalled)
	}
	return err
}

// watchedBody is a body of which each read is bounded in time, and all of them
// together by how many bytes have come.
type watchedBody struct {
	body     io.ReadCloser
	ctx      context.Context
	way      *route
	cancel   context.CancelCauseFunc
	watchdog *time.Timer // runs during a read
	timeout  time.Duration
	total    time.Duration

	waited  time.Duration // in all reads
	bytes   int64
	tooSlow error // of every further read
}

func (b *watchedBody) Read(p []byte) (int, error) {
	if b.tooSlow != nil {
		return 0, b.tooSlow
	}
	begun := time.Now()
	b.watchdog.Reset(b.timeout)
	n, err := b.body.Read(p)
	b.watchdog.Stop()
	b.waited += time.Since(begun)
	b.bytes += int64(n)
	if err != nil {
		// io.EOF too: a server whose request is cancelled may still end its answer well.
		return n, stallOr(b.ctx, b.way, err)
	}
	switch allowed := b.timeout + time.Duration(b.bytes/minRate)*time.Second; {
	case b.waited > allowed:
		b.tooSlow = b.way.via(timeoutError(fmt.Sprintf("the answer comes slower than %d bytes per second", minRate)))
	case b.waited > b.total:
		b.tooSlow = b.way.via(timeoutError(fmt.Sprintf("the answer takes longer than %s", b.total)))
	}
	return n, nil
}

func (b *watchedBody) Close() error {
	b.watchdog.Stop()
	b.cancel(nil)
	return b.body.Close()
}
