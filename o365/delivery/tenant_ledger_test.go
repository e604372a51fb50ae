package delivery

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// The log, the counters, the ledger and what Gaps returns agree on what is lost, after
// each report and each recovery.
func TestGapsAgree(t *testing.T) {
	book := openMemory(t)
	set := metrics.New([]string{"t"}, []string{"c"})
	var lines []string
	log := logging.Logger(func(_ logging.Level, line string) { lines = append(lines, line) })
	monitor := health.NewMonitor(set.StreamIDs(), nil, log, nil)
	var told []source.Span // what OnGap was called for
	onGap := func(e health.Event) {
		span := source.Span{From: e.From, To: e.To}
		if e.Kind == health.Gap {
			told = append(told, span.Without(told...)...)
			return
		}
		var left []source.Span
		for _, s := range told {
			left = append(left, s.Without(span)...)
		}
		told = left
	}
	d := New(Config{BatchSize: 1 << 20, QueueSize: 8 << 20, HealthTag: "health", OnGap: onGap}, book, monitor, set, nil, log)
	tenant := d.Tenant("t", []source.ContentType{{Name: "c", Limits: source.Limits{Retention: 7 * 24 * time.Hour}}})
	start := time.Now().UTC().Truncate(time.Hour).Add(-24 * time.Hour)
	gap := func(from, to int, reason string) ledger.Gap {
		return ledger.Gap{
			Stream: source.Stream{Tenant: "t", ContentType: "c"}, Reason: reason, Found: start,
			Span: source.Span{From: start.Add(time.Duration(from) * time.Minute), To: start.Add(time.Duration(to) * time.Minute)},
		}
	}
	alike := gap(70, 80, "blob c: gone")
	all, a, b := gap(0, 60, "off"), gap(10, 20, "blob a: gone"), gap(70, 80, "blob b: gone")
	s := set.Stream("t", "c")
	for n, step := range []struct {
		do                      func()
		gaps                    []ledger.Gap
		lost, recovered         int64 // gaps
		lostTime, recoveredTime int64 // minutes
	}{
		{func() { tenant.Lost(all) }, []ledger.Gap{all}, 1, 0, 60, 0},
		{func() { tenant.Lost(a) }, []ledger.Gap{all, a}, 2, 0, 60, 0},
		{func() { tenant.Lost(b) }, []ledger.Gap{all, a, b}, 3, 0, 70, 0},
		{func() { tenant.TakeBack(b) }, []ledger.Gap{all, a}, 3, 1, 70, 10},
		{func() { tenant.TakeBack(all, gap(30, 60, "off")) }, []ledger.Gap{a, gap(30, 60, "off")}, 3, 1, 70, 30},
		{func() { tenant.TakeBack(a) }, []ledger.Gap{gap(30, 60, "off")}, 3, 2, 70, 40},
		{func() { tenant.Lost(b); tenant.TakeBack(b); tenant.Lost(b) }, []ledger.Gap{gap(30, 60, "off"), b}, 5, 3, 90, 50},
		{func() { tenant.Lost(alike); tenant.TakeBack(alike) }, []ledger.Gap{gap(30, 60, "off"), b}, 6, 4, 90, 50},
	} {
		step.do()
		if got := tenant.Gaps(all.Stream); !slices.Equal(got, step.gaps) {
			t.Errorf("step %d: gaps %v, want %v", n, got, step.gaps)
		}
		var minutes time.Duration
		for _, s := range told {
			minutes += s.To.Sub(s.From)
		}
		if minutes != lostTime(step.gaps) {
			t.Errorf("step %d: OnGap told of %v, lost is %v", n, told, step.gaps)
		}
		got := []int64{s.Gaps.Load(), s.GapsRecovered.Load(), s.GapSeconds.Load() / 60, s.GapSecondsRecovered.Load() / 60}
		if want := []int64{step.lost, step.recovered, step.lostTime, step.recoveredTime}; !slices.Equal(got, want) {
			t.Errorf("step %d: counted %v, want %v", n, got, want)
		}
		for deadline := time.Now().Add(10 * time.Second); !slices.Equal(book.Gaps(all.Stream), step.gaps); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("step %d: the ledger has %v, want %v", n, book.Gaps(all.Stream), step.gaps)
			}
		}
	}
	var kinds []string
	for b := d.Next(); b != nil; b = d.Next() {
		for _, kind := range []string{"gap_recovered", "gap"} {
			for range strings.Count(string(b.Events), kind+"\xa8Workload") {
				kinds = append(kinds, kind)
			}
		}
		b.Ack()
	}
	slices.Sort(kinds)
	if want := strings.Fields(strings.Repeat("gap ", 6) + strings.Repeat("gap_recovered ", 5)); !slices.Equal(kinds, want) {
		t.Errorf("health records: %q", kinds)
	}
	if n := len(lines); n != 5 {
		t.Errorf("%d lines: %q", n, lines)
	}
	d.Close(time.Now().Add(time.Second))
}

// Time that several gaps cover is lost once, in whatever order they were found.
func TestLostTime(t *testing.T) {
	for _, tt := range []struct {
		gaps [][2]int // minutes
		want int
	}{
		{nil, 0},
		{[][2]int{{0, 10}}, 10},
		{[][2]int{{0, 10}, {10, 20}}, 20},
		{[][2]int{{30, 40}, {0, 10}, {5, 35}}, 40},
		{[][2]int{{10, 20}, {0, 60}, {30, 40}, {50, 70}}, 70},
		{[][2]int{{20, 20}, {30, 25}}, 0},
	} {
		var gaps []ledger.Gap
		for _, g := range tt.gaps {
			at := func(minute int) time.Time { return time.Unix(0, 0).Add(time.Duration(minute) * time.Minute) }
			gaps = append(gaps, ledger.Gap{Span: source.Span{From: at(g[0]), To: at(g[1])}})
		}
		if got := lostTime(gaps); got != time.Duration(tt.want)*time.Minute {
			t.Errorf("%v: %v, want %d minutes", tt.gaps, got, tt.want)
		}
	}
}

// A start of collecting that cannot be written is reported, and tried again.
func TestSinceIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := writeTo(t, &disk{})
		if err := w.disk.Ledger.Close(); err != nil {
			t.Fatal(err)
		}
		first := hour(0).From
		if got := w.Tenant(theStream.Tenant, nil).Since(theStream, first); !got.Equal(first) {
			t.Errorf("since %v, want %v", got, first)
		}
		time.Sleep(3*commitRetryPause + 1)
		synctest.Wait()
		if s := w.monitor.Snapshot()[0]; s.State != health.Degraded || w.disk.writes() != 4 {
			t.Errorf("%+v after %d writes", s, w.disk.writes())
		}
		w.Close(time.Now().Add(time.Second))
	})
}
