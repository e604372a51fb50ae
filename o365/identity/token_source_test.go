package identity

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// A mint gives out numbered tokens.
type mint struct {
	asked    int
	lifetime time.Duration
	refresh  time.Duration
	takes    time.Duration
	err      error
}

func (m *mint) acquire(ctx context.Context) (azcore.AccessToken, error) {
	m.asked++
	select {
	case <-time.After(m.takes):
	case <-ctx.Done():
		return azcore.AccessToken{}, cancelled(ctx)
	}
	if m.err != nil {
		return azcore.AccessToken{}, m.err
	}
	token := azcore.AccessToken{Token: "t" + strconv.Itoa(m.asked), ExpiresOn: time.Now().Add(m.lifetime)}
	if m.refresh > 0 {
		token.RefreshOn = time.Now().Add(m.refresh)
	}
	return token, nil
}

func (m *mint) source(l *lines) *Source {
	return &Source{acquire: m.acquire, onFallback: l.add, now: time.Now}
}

func want(t *testing.T, s *Source, token string) {
	t.Helper()
	if got, err := s.Token(t.Context()); got != token || err != nil {
		t.Fatalf("Token = %q, %v, want %q", got, err, token)
	}
}

func TestRenewal(t *testing.T) {
	tests := []struct {
		name     string
		mint     mint
		keeps    time.Duration // the first token is still given out
		replaced time.Duration // and now it is not
	}{
		{"five minutes before the end", mint{lifetime: time.Hour}, 55*time.Minute - time.Second, 55 * time.Minute},
		{"when the service says so", mint{lifetime: 24 * time.Hour, refresh: 12 * time.Hour}, 12*time.Hour - time.Second, 12 * time.Hour},
		{"a late hint is no excuse", mint{lifetime: time.Hour, refresh: 59 * time.Minute}, 55*time.Minute - time.Second, 55 * time.Minute},
		{"not in the first half of a short life", mint{lifetime: 4 * time.Minute}, 2*time.Minute - time.Second, 2 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := tt.mint.source(&lines{})
				want(t, s, "t1")
				time.Sleep(tt.keeps)
				want(t, s, "t1")
				time.Sleep(tt.replaced - tt.keeps)
				want(t, s, "t2")
			})
		})
	}
}

func TestFailedRenewalKeepsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lines
		m := &mint{lifetime: time.Hour}
		s := m.source(&l)
		want(t, s, "t1")
		end := s.Expiry()

		m.err = &Error{Message: "login service is away"}
		time.Sleep(56 * time.Minute)
		want(t, s, "t1")
		want(t, s, "t1")
		if m.asked != 2 {
			t.Errorf("asked %d times, want 2: a failed renewal is not repeated at once", m.asked)
		}
		if got := l.String(); got != "login could not be renewed, the token is valid until "+end.UTC().Format(time.RFC3339)+": login service is away" {
			t.Errorf("logged %q", got)
		}
		time.Sleep(renewalBackoff)
		want(t, s, "t1")
		if m.asked != 3 {
			t.Errorf("asked %d times, want 3", m.asked)
		}
		time.Sleep(4 * time.Minute)
		if _, err := s.Token(t.Context()); !errors.Is(err, m.err) {
			t.Errorf("after the end: %v", err)
		}
		m.err = nil
		want(t, s, "t5")
	})
}

// A caller who gives up is no reason to report that the login cannot be renewed.
func TestRenewalIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lines
		m := &mint{lifetime: time.Hour}
		s := m.source(&l)
		want(t, s, "t1")
		time.Sleep(56 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		m.takes = time.Minute
		if token, err := s.Token(ctx); token != "t1" || err != nil || l.String() != "" {
			t.Errorf("Token = %q, %v, logged %q", token, err, l.String())
		}
	})
}

func TestReject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{lifetime: time.Hour}
		s := m.source(&lines{})
		want(t, s, "t1")
		s.Reject("t0")
		s.Reject("")
		want(t, s, "t1")
		s.Reject("t1")
		if !s.Expiry().IsZero() {
			t.Error("a rejected token still has an expiry")
		}
		want(t, s, "t2")
		s.Reject("t1") // a slower caller with the same 401
		want(t, s, "t2")

		s.Reject("t2")
		m.err = errors.New("away")
		if token, err := s.Token(t.Context()); err == nil {
			t.Errorf("a rejected token came back: %q", token)
		}
	})
}

func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{lifetime: time.Hour, takes: time.Second}
		s := m.source(&lines{})
		var callers sync.WaitGroup
		for range 50 {
			callers.Go(func() {
				if token, err := s.Token(t.Context()); token != "t1" || err != nil {
					t.Errorf("Token = %q, %v", token, err)
				}
			})
		}
		callers.Wait()
		if m.asked != 1 {
			t.Errorf("asked %d times", m.asked)
		}

		// Nobody waits for a renewal but the one who does it.
		time.Sleep(56 * time.Minute)
		callers.Go(func() { _, _ = s.Token(t.Context()) })
		synctest.Wait()
		begun := time.Now()
		want(t, s, "t1")
		if time.Since(begun) != 0 {
			t.Error("waited for a renewal that is not needed yet")
		}
		callers.Wait()
		want(t, s, "t2")

		// Once the token has ended, everybody waits for the next one.
		time.Sleep(time.Hour)
		for range 2 {
			callers.Go(func() {
				if token, err := s.Token(t.Context()); token != "t3" || err != nil {
					t.Errorf("Token = %q, %v, want t3", token, err)
				}
			})
			synctest.Wait()
		}
		callers.Wait()
	})
}

func TestSingleFlightFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{takes: time.Second, err: &Error{Message: "away"}}
		s := m.source(&lines{})
		var callers sync.WaitGroup
		for range 50 {
			callers.Go(func() {
				if _, err := s.Token(t.Context()); !errors.Is(err, m.err) {
					t.Errorf("error %v", err)
				}
			})
		}
		callers.Wait()
		if m.asked != 1 {
			t.Errorf("asked %d times: those who waited asked again", m.asked)
		}
	})
}

func TestCancelledCallerHarmsOnlyItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{lifetime: time.Hour, takes: time.Minute}
		s := m.source(&lines{})
		impatient, cancel := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		callers.Go(func() {
			if _, err := s.Token(impatient); !errors.Is(err, context.Canceled) {
				t.Errorf("flier: %v", err)
			}
		})
		synctest.Wait()
		callers.Go(func() {
			if token, err := s.Token(t.Context()); token != "t2" || err != nil {
				t.Errorf("patient caller: %q, %v", token, err)
			}
		})
		callers.Go(func() {
			if _, err := s.Token(impatient); !errors.Is(err, context.Canceled) {
				t.Errorf("waiter: %v", err)
			}
		})
		synctest.Wait()
		begun := time.Now()
		cancel()
		synctest.Wait()
		if time.Since(begun) != 0 {
			t.Error("cancelled callers did not return at once")
		}
		callers.Wait()
	})
}

// TestChurn is for the race detector.
func TestChurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mint{lifetime: time.Minute, takes: time.Millisecond}
		s := m.source(&lines{})
		var callers sync.WaitGroup
		for i := range 20 {
			callers.Go(func() {
				for range 100 {
					token, err := s.Token(t.Context())
					if err != nil || !strings.HasPrefix(token, "t") {
						t.Errorf("Token = %q, %v", token, err)
					}
					if i == 0 {
						s.Reject(token)
					}
					_ = s.Expiry()
					time.Sleep(time.Second)
				}
			})
		}
		callers.Wait()
	})
}
