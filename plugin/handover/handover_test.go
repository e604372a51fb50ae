package handover

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		in := start(h, s)
		if in.Tick() != Rest {
			t.Error("busy with nothing to do")
		}
		s.add("a", "b")
		if in.Tick() != Walk {
			t.Error("not busy with two batches")
		}
		wantTags(t, "handed over", h.tags, "a", "b")
		wantTags(t, "acknowledged on the ring", s.acknowledged)

		s.add("c")
		time.Sleep(100 * time.Millisecond)
		in.Tick()
		wantTags(t, "handed over during a round", h.tags, "a", "b")

		h.drain(0)
		in.Tick()
		wantTags(t, "acknowledged", s.acknowledged, "a", "b")
		wantTags(t, "handed over after the round", h.tags, "a", "b", "c")
	})
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		in := start(h, s)
		s.add("a")
		in.Pause()
		in.Tick()
		wantTags(t, "handed over while paused", h.tags)
		if s.held != "Fluent Bit has paused this input" || s.heldAtOnce {
			t.Errorf("held because %q, at once %t", s.held, s.heldAtOnce)
		}
		in.Resume()
		in.Tick()
		wantTags(t, "handed over", h.tags, "a")
		in.Pause()
		time.Sleep(time.Hour)
		in.Tick()
		wantTags(t, "returned while paused", s.returned)
		h.drain(0)
		in.Tick()
		wantTags(t, "acknowledged while paused", s.acknowledged, "a")
	})
}

// A batch lost between ring buffer and chunk is delivered again, after a wait.
func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		in := start(h, s)
		s.add("a", "b")
		in.Tick()
		h.drain(1)
		in.Tick()
		time.Sleep(2 * time.Second)
		in.Tick()
		wantTags(t, "acknowledged", s.acknowledged, "b")
		wantTags(t, "returned", s.returned, "a")
		wantTags(t, "handed over at once", h.tags, "a", "b")
		time.Sleep(time.Second)
		in.Tick()
		wantTags(t, "handed over again", h.tags, "a", "b", "a")
		h.drain(0)
		in.Tick()
		wantTags(t, "acknowledged in the end", s.acknowledged, "b", "a")
		if len(h.log) != 1 || !strings.Contains(h.log[0], "did not store 1 of 2 batches (1 records)") {
			t.Errorf("log: %q", h.log)
		}
		if s.held != "Fluent Bit does not store the records it accepts" {
			t.Errorf("held: %q", s.held)
		}
	})
}

// After a round that is stored, the wait after the next loss is the first one again.
func TestLostAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		in := start(h, s)
		lose := func(want time.Duration) {
			t.Helper()
			in.Tick()
			h.drain(1)
			in.Tick()
			time.Sleep(settleTime)
			in.Tick() // a is returned
			handedOver := len(h.tags)
			time.Sleep(want - time.Millisecond)
			if in.Tick(); len(h.tags) != handedOver {
				t.Fatalf("handed over again before %v", want)
			}
			time.Sleep(time.Millisecond)
			if in.Tick(); len(h.tags) != handedOver+1 {
				t.Fatalf("not handed over again after %v", want)
			}
		}
		s.add("a", "b")
		lose(time.Second)
		h.drain(0)
		in.Tick()
		s.add("a", "b")
		lose(time.Second)
	})
}

func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		in := start(h, s)
		s.add("a", "b", "c")
		in.Tick()
		h.drain(2)
		s.add("d")
		in.Stop()
		wantTags(t, "acknowledged at the end", s.acknowledged, "c")
		wantTags(t, "handed over at the end", h.tags, "a", "b", "c")
		if !s.closed || s.late > 0 {
			t.Errorf("closed %t, %d batches are acknowledged after that", s.closed, s.late)
		}
	})
}

// A host without flb_input_log_append_records takes one batch as the callback's result.
func TestCollect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		h.noAppend = true
		in := start(h, s)
		s.add("a", "b")
		if in.Tick(); s.inFlight != 0 {
			t.Error("a tick took a batch that it cannot hand over")
		}
		if got, _ := in.Collect(); string(got) != "ar" {
			t.Errorf("collected %q", got)
		}
		if got, _ := in.Collect(); got != nil {
			t.Errorf("collected %q while the first is outstanding", got)
		}
		h.counters.Amount = Amount{Records: 1, Bytes: 2}
		if got, _ := in.Collect(); string(got) != "brr" {
			t.Errorf("collected %q", got)
		}
		wantTags(t, "acknowledged", s.acknowledged, "a")
		if in.HandedOver() != 5 {
			t.Errorf("%d bytes are handed over", in.HandedOver())
		}
	})
}

// The problems of one kind are logged once, until they have been absent for a while.
func TestProblemsAreLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		in := start(h, s)
		lose := func(lines int) {
			t.Helper()
			s.add("a", "b")
			in.Tick()
			h.drain(1)
			in.Tick()
			time.Sleep(settleTime)
			in.Tick()
			time.Sleep(maxBackoff)
			in.Tick()
			h.drain(0)
			in.Tick()
			if len(h.log) != lines {
				t.Errorf("%d lines, want %d: %q", len(h.log), lines, h.log)
			}
		}
		lose(1)
		for range 11 { // longer than absenceBeforeWarning, but never absent for so long
			lose(1)
		}
		time.Sleep(absenceBeforeWarning)
		lose(2)
		change := func() { // processors change sizes
			s.add("a")
			in.Tick()
			h.counters.Records++
			h.counters.Bytes += 100
			h.ring = nil
			in.Tick()
			time.Sleep(time.Hour)
			in.Tick()
			in.tracker.bytesChanged = false // it is found out again
		}
		change()
		change()
		if len(h.log) != 3 || !strings.Contains(h.log[2], "processors change the records") {
			t.Errorf("log: %q", h.log)
		}
	})
}

// Without Append nothing is on the ring buffer, whatever Fluent Bit counts.
func TestAbilities(t *testing.T) {
	for _, tt := range []struct {
		host fakeHost
		want abilities
	}{
		{fakeHost{counters: Counters{HasRing: true}}, since41},
		{fakeHost{}, before41},
		{fakeHost{counters: Counters{HasRing: true}, noAppend: true}, before41},
		{fakeHost{noMetrics: true}, withoutMetrics},
	} {
		if got := start(&tt.host, &fakeSource{}).abilities; got != tt.want {
			t.Errorf("%+v: %+v, want %+v", tt.host, got, tt.want)
		}
	}
}

func TestWithoutMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := &fakeHost{noMetrics: true}, &fakeSource{}
		in := start(h, s)
		s.add("a")
		for range 10 {
			in.Tick()
			time.Sleep(100 * time.Millisecond)
		}
		wantTags(t, "acknowledged too early", s.acknowledged)
		in.Tick()
		in.Tick()
		wantTags(t, "acknowledged", s.acknowledged) // a second after the first quiet tick
		time.Sleep(100 * time.Millisecond)
		in.Tick()
		wantTags(t, "acknowledged", s.acknowledged, "a")
		if len(h.log) != 1 || !strings.Contains(h.log[0], "no metrics") {
			t.Errorf("log: %q", h.log)
		}
	})
}

// A tick with nothing to do makes no call to the host, and allocates nothing.
func TestRest(t *testing.T) {
	h, s := newFakeHost(), &fakeSource{}
	in := start(h, s)
	h.noMetrics = true
	for name, tick := range map[string]func(){
		"Tick": func() {
			if in.Tick() != Rest {
				t.Error("there was something to do")
			}
		},
		"Collect": func() {
			if events, pace := in.Collect(); pace != Rest || events != nil {
				t.Error("there was something to do")
			}
		},
	} {
		if n := testing.AllocsPerRun(100, tick); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
