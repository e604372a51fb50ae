package health

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// observed is a Monitor of two tenants with two streams each, and its output.
type observed struct {
	*Monitor
	mu     sync.Mutex
	lines  []string
	events []string
	stop   func()
}

var (
	aE, aS = source.Stream{Tenant: "a", ContentType: "Exchange"}, source.Stream{Tenant: "a", ContentType: "SharePoint"}
	bE, bS = source.Stream{Tenant: "b", ContentType: "Exchange"}, source.Stream{Tenant: "b", ContentType: "SharePoint"}
	a, b   = source.Stream{Tenant: "a"}, source.Stream{Tenant: "b"}
	every  = source.Stream{}

	secret   = Cause{What: "the secret is wrong", Do: "change it", Detail: "7000215"}
	consent  = Cause{What: "no permission", Do: "grant it", Detail: "401"}
	outage   = Cause{What: "requests fail", Do: "wait", Detail: "500", Transient: true}
	fullDisk = Cause{What: "the disk is full", Do: "make room", Detail: "ENOSPC"}
)

// observe runs f beside a Monitor in a bubble of synctest and returns the output.
func observe(t *testing.T, f func(d *observed)) (d *observed) {
	t.Helper()
	d = &observed{}
	synctest.Test(t, func(t *testing.T) {
		d.Monitor = NewMonitor([]source.Stream{aE, aS, bE, bS}, nil, d.log, d.emit)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.Run(ctx)
		}()
		d.stop = func() {
			cancel()
			<-done
		}
		f(d)
		d.stop()
	})
	return d
}

func (d *observed) log(level logging.Level, line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf("%d %s", level, line))
}

func (d *observed) emit(e Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var whats []string
	for _, c := range e.Causes {
		whats = append(whats, c.What)
	}
	d.events = append(d.events, strings.TrimSpace(fmt.Sprintf("%s/%s %s>%s %s", e.Tenant, e.ContentType, e.Previous, e.State, strings.Join(whats, ", "))))
}

// wants compares what was logged since the last call.
func (d *observed) wants(t *testing.T, lines ...string) {
	t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.lines, lines) {
		t.Errorf("logged\n%s\nwant\n%s", strings.Join(d.lines, "\n"), strings.Join(lines, "\n"))
	}
	d.lines = nil
}

// well passes the summaries of both tenants.
func (d *observed) well() {
	d.Listed(every)
	time.Sleep(2 * time.Second)
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines, d.events = nil, nil
}

func TestAllIsWell(t *testing.T) {
	d := observe(t, func(d *observed) {
		d.Note(every, "subscription started")
		d.Listed(aE)
		time.Sleep(5 * time.Second)
		d.wants(t)
		d.Listed(every)
		time.Sleep(1100 * time.Millisecond)
		d.wants(t,
			"3 a: collecting Exchange and SharePoint; subscription started",
			"3 b: collecting Exchange and SharePoint; subscription started")
		d.Listed(every)
		time.Sleep(24 * time.Hour)
	})
	d.wantEvents(t, "a/Exchange starting>ok", "a/SharePoint starting>ok", "b/Exchange starting>ok", "b/SharePoint starting>ok")
	if len(d.lines) > 0 {
		t.Errorf("more was logged: %q", d.lines)
	}
}

func (d *observed) wantEvents(t *testing.T, events ...string) {
	t.Helper()
	if !slices.Equal(d.events, events) {
		t.Errorf("events\n%s\nwant\n%s", strings.Join(d.events, "\n"), strings.Join(events, "\n"))
	}
}

// What is in the summary is not logged again, however often it is met.
func TestSummaryHoldsWhatIsWrong(t *testing.T) {
	d := observe(t, func(d *observed) {
		d.Set(a, SignIn, Failing, secret)
		d.Listed(bE)
		d.Set(bS, Permission, Failing, consent)
		d.Set(b, Clock, Degraded, fullDisk)
		time.Sleep(1100 * time.Millisecond)
		d.wants(t,
			"1 a: nothing is collected: the secret is wrong: change it (7000215)",
			"1 b: collecting Exchange; not SharePoint: no permission: grant it (401); the disk is full: make room (ENOSPC)")
		for range 1000 {
			d.Set(a, SignIn, Failing, secret)
			d.Set(bS, Permission, Failing, consent)
			time.Sleep(time.Minute)
		}
		d.wants(t)
	})
	d.wantEvents(t,
		"a/Exchange starting>failing the secret is wrong", "a/SharePoint starting>failing the secret is wrong",
		"b/Exchange starting>ok", "b/SharePoint starting>failing no permission", "b/Exchange ok>degraded the disk is full")
}

// A tenant without an answer has a summary after summaryTimeout.
func TestSummaryTimeout(t *testing.T) {
	observe(t, func(d *observed) {
		d.Listed(aE)
		d.Set(aE, Download, Degraded, outage)
		time.Sleep(9900 * time.Millisecond)
		d.wants(t)
		time.Sleep(200 * time.Millisecond)
		d.wants(t,
			"2 a: collecting Exchange; no answer yet for SharePoint; Exchange: requests fail: wait (500)",
			"3 b: no answer yet for Exchange and SharePoint")
	})
}

func TestOneLineForOneCause(t *testing.T) {
	d := observe(t, func(d *observed) {
		d.well()
		d.Set(aE, Listing, Failing, outage)
		time.Sleep(time.Second)
		other := outage
		other.Detail = "502"
		d.Set(aS, Listing, Failing, other)
		d.Set(bS, Listing, Failing, other)
		time.Sleep(1500 * time.Millisecond)
		d.wants(t, "2 a; b SharePoint: not collected: requests fail: wait (500)")
		time.Sleep(time.Hour)
		d.Set(every, DB, Degraded, fullDisk)
		time.Sleep(time.Minute)
		d.wants(t, "1 all tenants: the disk is full: make room (ENOSPC)")
		d.Clear(every, DB, Listing)
		time.Sleep(time.Minute)
		d.wants(t, "3 a; b SharePoint: over after 1h01m: requests fail", "3 all tenants: over after 1m: the disk is full")
	})
	d.wantEvents(t,
		"a/Exchange ok>failing requests fail", "a/SharePoint ok>failing requests fail", "b/SharePoint ok>failing requests fail",
		"b/Exchange ok>degraded the disk is full",
		"a/Exchange failing>ok", "a/SharePoint failing>ok", "b/Exchange degraded>ok", "b/SharePoint failing>ok")
}

func TestRepeatsAreFolded(t *testing.T) {
	observe(t, func(d *observed) {
		d.well()
		d.Set(aE, Download, Degraded, outage)
		d.Clear(aE, Download)
		time.Sleep(time.Minute)
		d.wants(t) // ended before it was logged

		// A problem that comes and goes is logged once in a repeatInterval.
		for range 3600 {
			d.Set(aE, Download, Degraded, outage)
			time.Sleep(time.Second)
			d.Clear(aE, Download)
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if n := len(d.lines); n > 30 {
			t.Errorf("%d lines in two hours: %q", n, d.lines[:4])
		}
		d.mu.Lock()
		d.lines = nil
		d.mu.Unlock()
		time.Sleep(time.Hour)
		d.wants(t)

		// The same with two that last long enough to be logged, in turns.
		for n := range 600 {
			c, cause := Download, outage
			if n%2 > 0 {
				c, cause = Clock, fullDisk
			}
			d.Set(aE, c, Degraded, cause)
			time.Sleep(3 * time.Second)
			d.Clear(aE, c)
			time.Sleep(3 * time.Second)
		}
		d.mu.Lock()
		begins := 0
		for _, line := range d.lines {
			if strings.HasPrefix(line, "2 ") {
				begins++
			}
		}
		if begins < 12 || begins > 14 || len(d.lines) > 2*begins {
			t.Errorf("%d begins in an hour, %d lines", begins, len(d.lines))
		}
		d.lines = nil
		d.mu.Unlock()
		time.Sleep(time.Hour)

		d.Set(aE, Download, Degraded, outage)
		time.Sleep(3 * time.Second)
		for range 13 {
			d.Set(aE, Download, Degraded, outage)
		}
		d.Clear(aE, Download)
		d.Set(aE, Download, Degraded, outage) // its end is not logged yet
		time.Sleep(time.Minute)
		d.Clear(aE, Download, Listing)
		time.Sleep(3 * time.Second)
		d.wants(t, "2 a Exchange: requests fail: wait (500)", "3 a Exchange: over after 1m (met 15 times): requests fail")
	})
}

// Another cause of the same condition replaces the first.
func TestCauseChanges(t *testing.T) {
	observe(t, func(d *observed) {
		d.well()
		d.Set(a, SignIn, Failing, outage)
		time.Sleep(3 * time.Second)
		d.Set(a, SignIn, Failing, secret)
		time.Sleep(3 * time.Second)
		d.Clear(a, SignIn)
		time.Sleep(3 * time.Second)
		d.wants(t, "2 a: not collected: requests fail: wait (500)", "1 a: not collected: the secret is wrong: change it (7000215)", "3 a: over after 3s: the secret is wrong")
	})
}

// An end is logged once, when it was first reported, however often that is.
func TestEndIsReportedAgain(t *testing.T) {
	observe(t, func(d *observed) {
		d.well()
		d.Set(aE, Listing, Degraded, outage)
		time.Sleep(3 * time.Minute)
		for range 10 {
			d.Clear(aE, Listing)
			time.Sleep(time.Second)
		}
		d.wants(t, "2 a Exchange: requests fail: wait (500)", "3 a Exchange: over after 3m: requests fail")
	})
}

// A note has its line a moment after it was given, one for all streams of a tenant, and
// none when everything ends.
func TestNotes(t *testing.T) {
	d := observe(t, func(d *observed) {
		d.well()
		d.Note(aE, "subscription started")
		time.Sleep(time.Second)
		d.Note(aS, "subscription started")
		d.Note(bE, "subscription started")
		d.wants(t)
		time.Sleep(1100 * time.Millisecond)
		d.wants(t, "3 a: subscription started")
		time.Sleep(time.Second)
		d.wants(t, "3 b Exchange: subscription started")
		d.Note(aE, "subscription started")
	})
	if len(d.lines) > 0 {
		t.Errorf("logged at the end: %q", d.lines)
	}
}

// What is pending is logged at the end, but no summary that is merely incomplete.
func TestStop(t *testing.T) {
	d := observe(t, func(d *observed) {
		time.Sleep(100 * time.Millisecond)
		d.Note(b, "subscription started")
		d.Set(b, SignIn, Failing, secret)
	})
	if want := []string{"1 b: nothing is collected: the secret is wrong: change it (7000215)"}; !slices.Equal(d.lines, want) {
		t.Errorf("logged %q, want %q", d.lines, want)
	}
	if d = observe(t, func(*observed) {}); len(d.lines) > 0 {
		t.Errorf("logged %q", d.lines)
	}
}
