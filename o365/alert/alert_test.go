package alert

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
)

// A scene is the loop between states that a test sets and a server that a test
// breaks.
type scene struct {
	alerts *Alerts
	begun  time.Time

	mu     sync.Mutex
	world  *world
	broken func(message) error
	mails  []string // when, to whom, subject
	log    []string
}

func newScene(to ...string) *scene {
	s := &scene{world: newWorld("ab"), begun: time.Now()}
	for i := range s.world.states {
		s.world.states[i].Since = s.begun
	}
	s.alerts = &Alerts{
		after: 30 * time.Minute, instance: instance{"o365.0", "host", retention},
		snapshot: func() []health.Status {
			s.mu.Lock()
			defer s.mu.Unlock()
			return append([]health.Status(nil), s.world.states...)
		},
		send: s.send,
		log: func(level logging.Level, line string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.log = append(s.log, fmt.Sprintf("%s %d %s", brief(time.Since(s.begun)), level, line))
		},
	}
	for _, a := range to {
		s.alerts.recipients = append(s.alerts.recipients, &recipient{address: a})
	}
	return s
}

func (s *scene) send(_ context.Context, messages []message) []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	errs := make([]error, len(messages))
	for i, l := range messages {
		if s.broken != nil {
			errs[i] = s.broken(l)
		}
		if errs[i] == nil {
			s.mails = append(s.mails, fmt.Sprintf("%s %s %s", brief(time.Since(s.begun)), l.to, strings.TrimPrefix(l.subject, "[o365.0 on host] ")))
		}
	}
	return errs
}

func (s *scene) set(streams string, state health.State, causes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.now = time.Now()
	s.world.set(streams, state, causes...)
}

// breaks sets what the server answers from now on.
func (s *scene) breaks(answer func(message) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = answer
}

// logged takes the lines out of the log.
func (s *scene) logged() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := s.log
	s.log = nil
	return lines
}

// play runs the loop while script sleeps and changes things.
func (s *scene) play(script func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.alerts.Run(ctx)
	}()
	time.Sleep(time.Second) // between two checks
	script()
	cancel()
	<-ended
}

func (s *scene) check(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if text := strings.Join(got, "\n"); text != strings.Join(want, "\n") {
		t.Errorf("%s:\n%s\nwant:\n%s", what, text, strings.Join(want, "\n"))
	}
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene("x@y", "v@w")
		s.play(func() {
			s.set("ab", health.Failing, "the secret has expired")
			time.Sleep(25 * time.Hour)
			s.set("ab", health.OK)
			time.Sleep(24 * time.Hour)
		})
		s.check(t, "mails", s.mails,
			"30m30s x@y audit records not collected: the secret has expired", "30m30s v@w audit records not collected: the secret has expired",
			"24h30m30s x@y audit records still not collected: the secret has expired", "24h30m30s v@w audit records still not collected: the secret has expired",
			"25h5m30s x@y audit records are collected again", "25h5m30s v@w audit records are collected again")
		if log := s.logged(); len(log) != 6 {
			t.Errorf("log: %s", strings.Join(log, "\n"))
		}
	})
}

// A mail that cannot be sent is retried with back-off, and logged once.
func TestServerIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene("x@y", "v@w")
		tries := 0
		s.breaks(func(l message) error {
			if l.to == "x@y" {
				tries++
			}
			return fmt.Errorf("dial from port %d: refused", 40000+tries)
		})
		s.play(func() {
			s.set("a", health.Failing, "c")
			time.Sleep(100 * time.Hour)
			s.check(t, "log", s.logged(), "30m30s 2 mail to x@y, v@w cannot be sent, it is retried with back-off, at least every hour: dial from port 40001: refused")
			s.breaks(func(message) error { return errors.New("no such user") })
			if tries < 102 || tries > 107 {
				t.Errorf("%d attempts in 100 hours", tries)
			}
			time.Sleep(2 * time.Hour)
			if log := s.logged(); len(log) != 1 || !strings.Contains(log[0], "no such user") {
				t.Errorf("log: %s", strings.Join(log, "\n"))
			}
			s.breaks(nil)
			time.Sleep(2 * time.Hour)
			s.set("a", health.OK)
			time.Sleep(2 * time.Hour)
		})
		for i, m := range s.mails {
			_, s.mails[i], _ = strings.Cut(m, " ")
		}
		s.check(t, "mails", s.mails, "x@y audit records not collected: c", "v@w audit records not collected: c", "x@y audit records are collected again", "v@w audit records are collected again")
	})
}

// A cause that needs action has its own delay, however long the state lasts.
func TestCauseFollowsOneThatPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene("x@y")
		s.play(func() {
			s.set("a", health.Degraded, "passes~")
			time.Sleep(2 * time.Hour)
			s.set("a", health.Degraded, "stays")
			time.Sleep(2 * time.Hour)
		})
		s.check(t, "mails", s.mails, "2h30m30s x@y audit records at risk: stays")
	})
}

// With a short delay the states are checked as often as that.
func TestShortDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene("x@y")
		s.alerts.after = 5 * time.Second
		s.play(func() {
			s.set("a", health.Failing, "c")
			time.Sleep(time.Minute)
		})
		s.check(t, "mails", s.mails, "10s x@y audit records not collected: c")
	})
}

// After a mail that was sent, the back-off begins with its first pause again, and the same
// reason is logged again.
func TestBackoffBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene("x@y")
		down := func(message) error { return errors.New("refused") }
		var tries []string
		fail := func(streams string) {
			s.breaks(func(l message) error {
				tries = append(tries, brief(time.Since(s.begun)))
				return down(l)
			})
			s.set(streams, health.Failing, "c"+streams)
			time.Sleep(40 * time.Minute)
			s.breaks(nil)
			time.Sleep(20 * time.Minute)
		}
		s.play(func() {
			fail("a")
			fail("b")
		})
		s.check(t, "attempts", tries, "30m30s", "31m30s", "33m30s", "37m30s", "1h30m30s", "1h31m30s", "1h33m30s", "1h37m30s")
		if log := s.logged(); len(log) != 4 {
			t.Errorf("log: %s", strings.Join(log, "\n"))
		}
	})
}

// No recovery is reported of a problem that was not reported.
func TestOverBeforeItCouldBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene("x@y", "v@w")
		s.breaks(func(l message) error {
			if l.to == "x@y" {
				return errors.New("no such user")
			}
			return nil
		})
		s.play(func() {
			s.set("a", health.Failing, "c")
			time.Sleep(time.Hour)
			s.set("a", health.OK)
			s.breaks(nil)
			time.Sleep(10 * time.Hour)
		})
		s.check(t, "mails", s.mails, "30m30s v@w audit records not collected: c", "1h5m30s v@w audit records are collected again")
	})
}

func TestNothingIsSentWhileAllIsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene("x@y")
		s.play(func() {
			for range 50 {
				s.set("ab", health.Failing, "c")
				time.Sleep(29 * time.Minute)
				s.set("ab", health.OK)
				time.Sleep(time.Minute)
			}
		})
		s.check(t, "mails", s.mails)
		s.check(t, "log", s.logged())
	})
}

// The end of the loop does not wait for a server, and nothing is logged about it.
func TestEndWhileSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene("x@y")
		var ended time.Time
		s.alerts.send = func(ctx context.Context, messages []message) []error {
			<-ctx.Done()
			ended = time.Now()
			return []error{context.Cause(ctx)}
		}
		s.play(func() {
			s.set("a", health.Failing, "c")
			time.Sleep(time.Hour)
		})
		if ended.IsZero() || time.Since(ended) > 0 {
			t.Errorf("ended at %s", ended)
		}
		s.check(t, "log", s.logged())
	})
}
