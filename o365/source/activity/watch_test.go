package activity

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pace is a body that gives pieces at intervals.
type pace struct {
	pieces   int
	size     int
	interval time.Duration
}

func (p *pace) Read(b []byte) (int, error) {
	if p.pieces == 0 {
		return 0, io.EOF
	}
	p.pieces--
	time.Sleep(p.interval)
	return min(p.size, len(b)), nil
}

func (p *pace) Close() error { return nil }

// Only the time counts that an answer is waited for, and by how much has come.
func TestSlowAnswers(t *testing.T) {
	const timeout = time.Minute
	for _, tt := range []struct {
		name  string
		body  pace
		total time.Duration
		rest  time.Duration // of the reader, between reads
		want  string        // in the error
		after time.Duration // it comes by then
	}{
		{"drip", pace{1 << 20, 1, 500 * time.Millisecond}, mostBlobWait, 0, "slower than 1024 bytes per second", timeout + 2*time.Second},
		{"drip of a listing", pace{1 << 20, 1, 500 * time.Millisecond}, mostWait, 0, "slower than", timeout + 2*time.Second},
		{"just fast enough, for too long", pace{1 << 20, 2048, time.Second}, mostWait, 0, "takes longer than 5m0s", mostWait + 2*time.Second},
		{"slow, but steady", pace{600, 4 << 10, time.Second}, mostBlobWait, 0, "", 0},
		{"one pause", pace{3, 100, 50 * time.Second}, mostBlobWait, 0, "slower than", 2 * time.Minute},
		{"a reader that takes its time", pace{100, 100, time.Millisecond}, mostWait, time.Hour, "", 0},
		{"all at once", pace{1000, 32 << 10, 0}, mostWait, 0, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				watchdog := time.AfterFunc(timeout, func() { cancel(errStalled) })
				watchdog.Stop()
				body := &watchedBody{body: &tt.body, ctx: ctx, cancel: cancel, watchdog: watchdog, timeout: timeout, total: tt.total}
				defer body.Close()
				begun := time.Now()
				var err error
				for buf := make([]byte, 64<<10); err == nil; {
					_, err = body.Read(buf)
					time.Sleep(tt.rest)
				}
				if tt.want == "" {
					if err != io.EOF {
						t.Errorf("got %v", err)
					}
					return
				}
				var timeout interface{ Timeout() bool }
				if !strings.Contains(err.Error(), tt.want) || !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(begun) > tt.after {
					t.Errorf("got %v after %v, want %s", err, time.Since(begun), tt.want)
				}
			})
		})
	}
}
