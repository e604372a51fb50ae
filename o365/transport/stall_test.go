package transport

import (
	"errors"
	"io"
	"net/http"
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

// Only the time counts that is spent waiting for the server, and how many bytes come in it.
func TestSlowAnswers(t *testing.T) {
	const timeout, short, long = time.Minute, 5 * time.Minute, time.Hour
	for _, tt := range []struct {
		name  string
		body  pace
		total time.Duration
		rest  time.Duration // of the reader, between reads
		want  string        // in the error
		after time.Duration // it comes by then
	}{
		{"drip", pace{1 << 20, 1, 500 * time.Millisecond}, long, 0, "slower than 1024 bytes per second", timeout + 2*time.Second},
		{"drip of a listing", pace{1 << 20, 1, 500 * time.Millisecond}, short, 0, "slower than", timeout + 2*time.Second},
		{"just fast enough, for too long", pace{1 << 20, 2048, time.Second}, short, 0, "takes longer than 5m0s", short + 2*time.Second},
		{"slow, but steady", pace{600, 4 << 10, time.Second}, long, 0, "", 0},
		{"one pause", pace{3, 100, 50 * time.Second}, long, 0, "slower than", 2 * time.Minute},
		{"a reader that takes its time", pace{100, 100, time.Millisecond}, short, time.Hour, "", 0},
		{"all at once", pace{1000, 32 << 10, 0}, short, 0, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answer := roundTrip(func(*http.Request) (*http.Response, error) { return &http.Response{Body: &tt.body}, nil })
				resp, err := Stall{Next: answer, Timeout: timeout, Total: tt.total}.RoundTrip(new(http.Request).WithContext(t.Context()))
				if err != nil {
					t.Fatal(err)
				}
				body := resp.Body
				defer body.Close()
				begun := time.Now()
				for buf := make([]byte, 64<<10); err == nil; {
					time.Sleep(tt.rest)
					_, err = body.Read(buf)
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

// A server that sends nothing is given up, before its answer and in it; the request
// is cancelled then.
func TestStalledAnswers(t *testing.T) {
	const timeout = time.Minute
	silent := func(r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	}
	for name, answer := range map[string]roundTrip{
		"no header": func(r *http.Request) (*http.Response, error) { return nil, silent(r) },
		"no body": func(r *http.Request) (*http.Response, error) {
			return &http.Response{Body: io.NopCloser(readFunc(func([]byte) (int, error) { return 0, silent(r) }))}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				resp, err := Stall{Next: answer, Timeout: timeout, Total: time.Hour}.RoundTrip(new(http.Request).WithContext(t.Context()))
				if err == nil {
					_, err = resp.Body.Read(make([]byte, 1))
					resp.Body.Close()
				}
				if err != ErrStalled || time.Since(begun) != timeout {
					t.Errorf("got %v after %v", err, time.Since(begun))
				}
			})
		})
	}
}

// A request ends when its answer is closed, and not before.
func TestRequestEndsWithItsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var request *http.Request
		answer := roundTrip(func(r *http.Request) (*http.Response, error) {
			request = r
			return &http.Response{Body: http.NoBody}, nil
		})
		resp, err := Stall{Next: answer, Timeout: time.Minute, Total: time.Hour}.RoundTrip(new(http.Request).WithContext(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if err := request.Context().Err(); err != nil {
			t.Errorf("before it is closed: %v", err)
		}
		resp.Body.Close()
		if request.Context().Err() == nil {
			t.Error("it goes on after it is closed")
		}
	})
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }
