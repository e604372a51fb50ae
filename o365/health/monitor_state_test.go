package health

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// A cause that becomes worse or better changes the state, at once and without another
// line, and its newest detail is the one that is shown.
func TestSeverityChanges(t *testing.T) {
	d := observe(t, func(d *observed) {
		d.well()
		for n, severity := range []State{Degraded, Failing, Failing, Degraded} {
			cause := outage
			cause.Detail = fmt.Sprint("attempt ", n)
			d.Set(aE, Listing, severity, cause)
			if s := d.Snapshot()[0]; s.State != severity || s.Since != time.Now().Add(-time.Duration(n/2*(3-n))*time.Minute) || s.Causes[0].Detail != cause.Detail {
				t.Errorf("step %d: %+v", n, s)
			}
			if p := d.Problems("a"); len(p) != 1 || p[0].State != severity || p[0].Times != n+1 {
				t.Errorf("step %d: %+v", n, p)
			}
			time.Sleep(time.Minute)
		}
		d.wants(t, "2 a Exchange: requests fail: wait (attempt 0)")
	})
	d.wantEvents(t, "a/Exchange ok>degraded requests fail", "a/Exchange degraded>failing requests fail", "a/Exchange failing>degraded requests fail")
}

// What is listed while something is wrong is collected when that is over.
func TestListedInTrouble(t *testing.T) {
	d := observe(t, func(d *observed) {
		for _, state := range []State{Degraded, Failing} {
			d.Set(aE, Listing, state, outage)
		}
		d.Set(aS, Clock, Degraded, fullDisk)
		d.Listed(a)
		d.Clear(a, Listing, Clock)
	})
	d.wantEvents(t, "a/Exchange starting>degraded requests fail", "a/Exchange degraded>failing requests fail", "a/SharePoint starting>degraded the disk is full",
		"a/Exchange failing>ok", "a/SharePoint degraded>ok")
}

// An event has when its state began, and how long the one before has lasted.
func TestEventTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []Event
		m := NewMonitor([]source.Stream{aE}, nil, nil, func(e Event) { events = append(events, e) })
		time.Sleep(time.Minute)
		m.Listed(aE)
		time.Sleep(time.Hour)
		m.Set(aE, Listing, Degraded, outage)
		time.Sleep(time.Second)
		m.Set(aE, Listing, Degraded, outage)
		time.Sleep(5*time.Minute - time.Second)
		m.Clear(aE, Listing)
		now := time.Now()
		for i, want := range []struct{ ago, lasted time.Duration }{{65 * time.Minute, time.Minute}, {5 * time.Minute, time.Hour}, {0, 5 * time.Minute}} {
			if e := events[i]; now.Sub(e.Time) != want.ago || !e.Since.Equal(e.Time) || e.Lasted != want.lasted {
				t.Errorf("%+v, want %v ago, after %v", e, want.ago, want.lasted)
			}
		}
		if len(events) != 3 {
			t.Errorf("%d events", len(events))
		}
	})
}

func TestSnapshot(t *testing.T) {
	observe(t, func(d *observed) {
		begun := time.Now()
		d.Listed(a)
		time.Sleep(time.Minute)
		d.Set(aS, Clock, Degraded, fullDisk)
		d.Set(aS, Listing, Failing, outage)
		d.Set(aS, Listing, Failing, outage)
		got := d.Snapshot()
		want := []Status{
			{Stream: aE, State: OK, Since: begun},
			{Stream: aS, State: Failing, Since: begun.Add(time.Minute), Causes: []Cause{outage, fullDisk}},
			{Stream: bE, State: Starting, Since: begun},
			{Stream: bS, State: Starting, Since: begun},
		}
		for i := range want {
			if fmt.Sprint(got[i]) != fmt.Sprint(want[i]) {
				t.Errorf("got %v, want %v", got[i], want[i])
			}
		}
		if p := d.Problems("a"); len(p) != 2 || p[0].Condition != Listing || p[0].Times != 2 || p[1].Condition != Clock {
			t.Errorf("problems: %+v", p)
		}
	})
}

// Foreign text in a cause is cleaned before anybody gets it.
func TestForeignTextIsCleaned(t *testing.T) {
	hostile := Cause{
		What:   "the service says \x1b[31m" + strings.Repeat("x", 10000),
		Do:     "run this\n[2026/11/28 10:00:00] [error] lost",
		Detail: "eyJhbGciOiJub25lIn0.e30.c2ln \u202e s3cr3t%20word\xff\x00",
	}
	synctest.Test(t, func(t *testing.T) {
		var lines []string
		var causes []Cause
		m := NewMonitor([]source.Stream{aE}, sanitize.NewRedactor("s3cr3t word"), func(_ logging.Level, line string) { lines = append(lines, line) },
			func(e Event) { causes = append(causes, e.Causes...) })
		m.Set(aE, Listing, Failing, hostile)
		m.Note(aE, "a note \x07")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		m.Run(ctx)
		causes = append(causes, m.Snapshot()[0].Causes...)
		if len(causes) != 2 || len(lines) == 0 {
			t.Fatalf("%d causes, %d lines", len(causes), len(lines))
		}
		for _, c := range causes {
			if c.Detail != "<token> <secret>\ufffd" || c.Do != "run this [2026/11/28 10:00:00] [error] lost" || len(c.What) != sanitize.MaxDetail {
				t.Errorf("got %+v", c)
			}
		}
		for _, line := range lines {
			if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) || strings.Contains(line, "s3cr3t") {
				t.Errorf("got %+q", line)
			}
		}
	})
}
