package delivery

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	modern = Host{Counts: true, RingWrites: true}
	old    = Host{Counts: true}
	mute   = Host{}
)

// step is one tick: the time since the hand-over, what the counters have moved
// by since then, and what must come of it.
type step struct {
	at        time.Duration
	moved     Load
	paused    bool
	unread    bool
	finding   Finding
	confirmed string
	returned  string
}

// The round of every case: three batches, a and b of the same weight.
var weights = []Load{{10, 100}, {10, 100}, {7, 63}}

const names = "abc"

func TestTracker(t *testing.T) {
	const ms = time.Millisecond
	all := Load{27, 263}
	tests := []struct {
		name  string
		host  Host
		steps []step
	}{
		{"all at once", modern, []step{
			{at: 100 * ms},
			{at: 200 * ms, moved: all, finding: Stored, confirmed: "abc"},
		}},
		{"in two turns of the ring", modern, []step{
			{at: 100 * ms, moved: Load{20, 200}},
			{at: 300 * ms, moved: all, finding: Stored, confirmed: "abc"},
		}},
		{"counted while paused", modern, []step{
			{at: 100 * ms, moved: all, paused: true, finding: Stored, confirmed: "abc"},
		}},
		{"a pause stops the clock", modern, []step{
			{at: 100 * ms, moved: Load{7, 63}},
			{at: time.Hour, moved: Load{7, 63}, paused: true},
			{at: time.Hour + time.Second, moved: Load{7, 63}},
			{at: time.Hour + Settle, moved: Load{7, 63}, finding: Lost, confirmed: "c", returned: "ab"},
		}},
		{"the first is lost", modern, []step{
			{at: 100 * ms, moved: Load{10, 100}},
			{at: 300 * ms, moved: Load{17, 163}},
			{at: 2200 * ms, moved: Load{17, 163}},
			// a and b weigh the same: either may be the lost one.
			{at: 2300 * ms, moved: Load{17, 163}, finding: Lost, confirmed: "c", returned: "ab"},
		}},
		{"the last is lost", modern, []step{
			{at: 100 * ms, moved: Load{20, 200}},
			{at: 29 * time.Second, moved: Load{20, 200}}, // it may still be on the ring
			{at: 31 * time.Second, moved: Load{20, 200}, finding: Lost, confirmed: "ab", returned: "c"},
		}},
		{"a slow filter", modern, []step{
			{at: 100 * ms, moved: Load{10, 100}},
			{at: 20 * time.Second, moved: Load{20, 200}},
			{at: 40 * time.Second, moved: all, finding: Stored, confirmed: "abc"},
		}},
		{"nothing arrives", modern, []step{
			{at: 29 * time.Second},
			{at: 30 * time.Second, finding: Unseen, returned: "abc"},
		}},
		{"nothing arrives while paused", modern, []step{
			{at: time.Hour, paused: true},
			{at: time.Hour + 29*time.Second},
			{at: time.Hour + 30*time.Second, finding: Unseen, returned: "abc"},
		}},
		{"processors drop records", modern, []step{
			{at: 100 * ms, moved: Load{15, 150}},
			{at: 2 * time.Second, moved: Load{15, 150}},
			{at: 2100 * ms, moved: Load{15, 150}, finding: Processed, confirmed: "abc"},
		}},
		{"processors add records", modern, []step{
			{at: 100 * ms, moved: Load{54, 600}},
			{at: 2100 * ms, moved: Load{54, 600}, finding: Processed, confirmed: "abc"},
		}},
		{"processors change sizes", modern, []step{
			{at: 100 * ms, moved: Load{27, 500}},
			{at: 2100 * ms, moved: Load{27, 500}, finding: Processed, confirmed: "abc"},
		}},
		{"counters that go back", modern, []step{
			{at: 100 * ms, moved: Load{-5, -50}},
			{at: 2100 * ms, moved: Load{-5, -50}, finding: Processed, confirmed: "abc"},
		}},
		{"counters that cannot be read", modern, []step{
			{at: time.Hour, unread: true},
			{at: time.Hour + time.Second, moved: all, finding: Stored, confirmed: "abc"},
		}},
		{"no counters", mute, []step{
			{at: 100 * ms, unread: true},
			{at: 1000 * ms, unread: true},
			{at: 1100 * ms, unread: true, finding: Waited, confirmed: "abc"},
		}},
		{"no counters and a pause", mute, []step{
			{at: 100 * ms, unread: true},
			{at: 1000 * ms, unread: true, paused: true},
			{at: 1100 * ms, unread: true},
			{at: 2100 * ms, unread: true, finding: Waited, confirmed: "abc"},
		}},
		{"no counters and a late tick", mute, []step{
			{at: 5000 * ms, unread: true}, // one tick proves nothing: the host may have stood still
			{at: 6000 * ms, unread: true, finding: Waited, confirmed: "abc"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr := New[byte](test.host)
			run(t, tr, 0, test.steps)
			if n := tr.Outstanding(); n != 0 {
				t.Errorf("%d batches outstanding at the end", n)
			}
		})
	}
}

// run hands the three batches over at start and goes through the steps.
func run(t *testing.T, tr *Tracker[byte], start time.Duration, steps []step) {
	t.Helper()
	base := Load{1000, 20000}
	at := time.Unix(1_700_000_000, 0).Add(start)
	for i, w := range weights {
		tr.Handed(names[i], w, Sample{At: at, Valid: true, Load: base})
	}
	for i, s := range steps {
		v := tr.Observe(Sample{At: at.Add(s.at), Paused: s.paused, Valid: !s.unread, Load: base.plus(s.moved)})
		check(t, i, v, s)
	}
}

func check(t *testing.T, i int, v Verdict[byte], want step) {
	t.Helper()
	if v.Finding != want.finding || string(v.Confirmed) != want.confirmed || string(v.Returned) != want.returned {
		t.Errorf("step %d: finding %d, confirmed %q, returned %q; want %d, %q, %q",
			i, v.Finding, v.Confirmed, v.Returned, want.finding, want.confirmed, want.returned)
	}
	var missing Load
	for _, b := range v.Returned {
		missing = missing.plus(weights[strings.IndexByte(names, b)])
	}
	if v.Missing != missing {
		t.Errorf("step %d: missing %v, want %v", i, v.Missing, missing)
	}
}

// What a tracker has learnt about processors spares the next rounds the wait.
func TestTrackerLearns(t *testing.T) {
	const ms = time.Millisecond
	t.Run("sizes", func(t *testing.T) {
		tr := New[byte](modern)
		run(t, tr, 0, []step{{at: Settle, moved: Load{27, 300}}, {at: 2 * Settle, moved: Load{27, 300}, finding: Processed, confirmed: "abc"}})
		run(t, tr, time.Minute, []step{{at: 100 * ms, moved: Load{27, 310}, finding: Stored, confirmed: "abc"}})
	})
	t.Run("counts", func(t *testing.T) {
		tr := New[byte](modern)
		run(t, tr, 0, []step{{at: 100 * ms, moved: Load{2, 20}}, {at: 3 * time.Second, moved: Load{2, 20}, finding: Processed, confirmed: "abc"}})
		run(t, tr, time.Minute, []step{{at: 100 * ms, moved: Load{4, 40}}, {at: 1100 * ms, moved: Load{4, 40}, finding: Processed, confirmed: "abc"}})
		// An undisturbed round is proof that losses can be seen again.
		run(t, tr, 2*time.Minute, []step{{at: 100 * ms, moved: Load{27, 263}, finding: Stored, confirmed: "abc"}})
		run(t, tr, 3*time.Minute, []step{
			{at: 100 * ms, moved: Load{7, 63}},
			{at: 1200 * ms, moved: Load{7, 63}},
			{at: 2200 * ms, moved: Load{7, 63}, finding: Lost, confirmed: "c", returned: "ab"}})
	})
	t.Run("whole batches before 4.1", func(t *testing.T) {
		tr := New[byte](old)
		at := time.Duration(0)
		lost := []step{{at: 100 * ms, moved: Load{7, 63}}, {at: 2200 * ms, moved: Load{7, 63}, finding: Lost, confirmed: "c", returned: "ab"}}
		for range drops - 1 {
			run(t, tr, at, lost)
			at += time.Minute
		}
		run(t, tr, at, []step{{at: 100 * ms, moved: Load{7, 63}}, {at: 2200 * ms, moved: Load{7, 63}, finding: Dropped, confirmed: "abc"}})
		run(t, tr, at+time.Minute, []step{{at: 100 * ms}, {at: 2 * time.Second, finding: Dropped, confirmed: "abc"}})
	})
	t.Run("a modern host never drops", func(t *testing.T) {
		tr := New[byte](modern)
		for i := range 3 * drops {
			run(t, tr, time.Duration(i)*time.Minute, []step{{at: 30 * time.Second, finding: Unseen, returned: "abc"}})
		}
	})
}

func TestTrackerFinal(t *testing.T) {
	tests := []struct {
		name      string
		host      Host
		moved     Load
		unread    bool
		confirmed string
	}{
		{"all", modern, Load{27, 263}, false, "abc"},
		{"nothing", modern, Load{}, false, ""},
		{"one of two alike", modern, Load{17, 163}, false, "c"},
		{"both alike", modern, Load{20, 200}, false, "ab"},
		{"changed counts", modern, Load{3, 30}, false, ""},
		{"unread", modern, Load{27, 263}, true, ""},
		{"no counters", mute, Load{27, 263}, false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr := New[byte](test.host)
			at := time.Unix(1_700_000_000, 0)
			for i, w := range weights {
				tr.Handed(names[i], w, Sample{At: at, Valid: true})
			}
			v := tr.Final(Sample{At: at, Valid: !test.unread, Load: test.moved})
			if string(v.Confirmed) != test.confirmed || v.Returned != nil {
				t.Errorf("confirmed %q, returned %q; want %q and none", v.Confirmed, v.Returned, test.confirmed)
			}
		})
	}
}

// Many batches alike make more sets than can be tried.
func TestTrackerManyAlike(t *testing.T) {
	tr := New[int](modern)
	at := time.Unix(1_700_000_000, 0)
	for i := range 200 {
		tr.Handed(i, Load{1, 10}, Sample{At: at, Valid: true})
	}
	tr.Handed(200, Load{3, 17}, Sample{At: at, Valid: true})
	moved := Load{103, 1017}
	tr.Observe(Sample{At: at, Valid: true, Load: moved})
	start := time.Now()
	v := tr.Observe(Sample{At: at.Add(Settle), Valid: true, Load: moved})
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
	if v.Finding != Lost || len(v.Returned) != 201 {
		t.Errorf("finding %d, %d returned; want all of them", v.Finding, len(v.Returned))
	}
}

func TestBackoff(t *testing.T) {
	var b Backoff
	var got []time.Duration
	for range 8 {
		got = append(got, b.Next()/time.Second)
	}
	if want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}; !slices.Equal(got, want) {
		t.Errorf("waits %d, want %d seconds", got, want)
	}
	b.Reset()
	if w := b.Next(); w != time.Second {
		t.Errorf("after a reset: %v", w)
	}
}
