package handover

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/delivery"
)

// fakeHost is a Fluent Bit whose main thread moves the ring when drain is called.
type fakeHost struct {
	counters   delivery.Counters
	mute       bool // no metrics
	noAppend   bool
	full       bool  // the ring takes nothing
	disk       int64 // bytes free; 0: chunks are in memory
	asked      int   // times, for the disk
	swallow    bool  // processors drop whole batches
	appendTime time.Duration

	ring   []*o365.Batch
	tags   []string
	stored int // records
	log    []string
}

func (h *fakeHost) Print(level health.Level, line string) {
	h.log = append(h.log, fmt.Sprintf("%d %s", level, line))
}
func (h *fakeHost) Counters() (delivery.Counters, bool) { return h.counters, !h.mute }
func (h *fakeHost) CanAppend() bool                     { return !h.noAppend }

func (h *fakeHost) Free() (int64, bool) {
	h.asked++
	return h.disk, h.disk > 0
}

func (h *fakeHost) Append(tag string, events []byte, records int) bool {
	time.Sleep(h.appendTime)
	if h.full {
		return false
	}
	h.tags = append(h.tags, tag)
	if h.swallow {
		return true
	}
	h.counters.RingWrites++
	h.ring = append(h.ring, &o365.Batch{Tag: tag, Events: events, Records: records})
	return true
}

// drain stores what is on the ring, except for the first lose batches.
func (h *fakeHost) drain(lose int) {
	for i, b := range h.ring {
		if i < lose {
			continue
		}
		h.counters.Records += int64(b.Records)
		h.counters.Bytes += int64(len(b.Events))
		h.stored += b.Records
	}
	h.ring = nil
}

// fakeSource gives one batch per stream at a time, as o365.Input does.
type fakeSource struct {
	waiting   []*o365.Batch
	flying    int
	confirmed []string
	returned  []string
	held      string
	closed    bool
}

func (s *fakeSource) add(tags ...string) {
	for i, tag := range tags {
		records := i + 1
		s.waiting = append(s.waiting, &o365.Batch{Tag: tag, Events: []byte(tag + strings.Repeat("r", records)), Records: records})
	}
}

func (s *fakeSource) Next() *o365.Batch {
	if len(s.waiting) == 0 {
		return nil
	}
	b := s.waiting[0]
	s.waiting = s.waiting[1:]
	s.flying++
	return b
}

func (s *fakeSource) Confirm(b *o365.Batch) {
	s.flying--
	s.confirmed = append(s.confirmed, b.Tag)
}

func (s *fakeSource) Return(b *o365.Batch) {
	s.flying--
	s.returned = append(s.returned, b.Tag)
	s.waiting = append([]*o365.Batch{b}, s.waiting...)
}

func (s *fakeSource) Held(why health.Cause, _ bool) { s.held = why.What }

func (s *fakeSource) Close() { s.closed = true }

func modern() *fakeHost { return &fakeHost{counters: delivery.Counters{HasRing: true}} }

func start(h *fakeHost, s *fakeSource) *Instance { return New(h, s, NewQueue(health.Info)) }

func wantTags(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := modern(), &fakeSource{}
		in := start(h, s)
		if in.Tick() {
			t.Error("busy with nothing to do")
		}
		s.add("a", "b")
		if !in.Tick() {
			t.Error("not busy with two batches")
		}
		wantTags(t, "handed over", h.tags, "a", "b")
		wantTags(t, "confirmed on the ring", s.confirmed)

		s.add("c")
		time.Sleep(100 * time.Millisecond)
		in.Tick()
		wantTags(t, "handed over during a round", h.tags, "a", "b")

		h.drain(0)
		in.Tick()
		wantTags(t, "confirmed", s.confirmed, "a", "b")
		wantTags(t, "handed over after the round", h.tags, "a", "b", "c")
	})
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := modern(), &fakeSource{}
		in := start(h, s)
		s.add("a")
		in.Pause()
		in.Tick()
		wantTags(t, "handed over while paused", h.tags)
		in.Resume()
		in.Tick()
		wantTags(t, "handed over", h.tags, "a")
		in.Pause()
		time.Sleep(time.Hour)
		in.Tick()
		wantTags(t, "returned while paused", s.returned)
		h.drain(0)
		in.Tick()
		wantTags(t, "confirmed while paused", s.confirmed, "a")
	})
}

// What is lost between ring and chunk comes again, after a wait.
func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := modern(), &fakeSource{}
		in := start(h, s)
		s.add("a", "b")
		in.Tick()
		h.drain(1)
		in.Tick()
		time.Sleep(2 * time.Second)
		in.Tick()
		wantTags(t, "confirmed", s.confirmed, "b")
		wantTags(t, "returned", s.returned, "a")
		wantTags(t, "handed over at once", h.tags, "a", "b")
		time.Sleep(time.Second)
		in.Tick()
		wantTags(t, "handed over again", h.tags, "a", "b", "a")
		h.drain(0)
		in.Tick()
		wantTags(t, "confirmed in the end", s.confirmed, "b", "a")
		if len(h.log) != 1 || !strings.Contains(h.log[0], "did not store 1 of 2 batches (1 records)") {
			t.Errorf("log: %q", h.log)
		}
		if s.held != "Fluent Bit does not store the records it takes" {
			t.Errorf("held: %q", s.held)
		}
	})
}

func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := modern(), &fakeSource{}
		h.full = true
		in := start(h, s)
		s.add("a", "b")
		for range 600 { // a minute
			in.Tick()
			time.Sleep(100 * time.Millisecond)
		}
		wantTags(t, "returned", s.returned, "a", "a", "a", "a", "a", "a") // after 1, 2, 4, 8, 16 seconds
		for range 30 * 600 {
			in.Tick()
			time.Sleep(100 * time.Millisecond)
		}
		if len(h.log) != 1 || s.held != "Fluent Bit takes no more records" {
			t.Errorf("log: %q, held: %q", h.log, s.held)
		}
		h.full = false
		time.Sleep(time.Minute)
		in.Tick()
		wantTags(t, "handed over", h.tags, "a", "b")
	})
}

// What would not fit on the disk stays here until there is room.
func TestDiskIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := modern(), &fakeSource{}
		in := start(h, s)
		h.disk = 5
		s.add("a", "b", "c")
		in.Tick()
		wantTags(t, "handed over", h.tags, "a")
		wantTags(t, "returned", s.returned, "b")
		if s.held != "" {
			t.Errorf("held for want of room although some was taken: %s", s.held)
		}
		h.drain(0)
		h.disk = 3
		for range 100 {
			in.Tick()
			time.Sleep(100 * time.Millisecond)
		}
		wantTags(t, "handed over", h.tags, "a")
		if s.held != "the disk of Fluent Bit's storage.path is full" {
			t.Errorf("held because %q", s.held)
		}
		h.disk = 1 << 20
		time.Sleep(time.Minute)
		in.Tick()
		wantTags(t, "handed over", h.tags, "a", "b", "c")
	})
}

// While it isn't known where chunks are, little is handed over, and the host is
// asked as long as there is a chunk.
func TestDiskIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := modern(), &fakeSource{}
		in := start(h, s)
		in.Tick()
		if h.asked > 0 {
			t.Error("asked for the disk with nothing to hand over")
		}
		half := []byte(strings.Repeat("r", probeBytes/2))
		for range 2*probes + 4 {
			s.waiting = append(s.waiting, &o365.Batch{Events: half, Records: len(half)})
		}
		for i := range probes {
			in.Tick()
			if want := 2 * (i + 1); len(h.tags) != want {
				t.Fatalf("%d batches handed over in %d rounds, want %d", len(h.tags), i+1, want)
			}
			asked := h.asked
			in.Tick()
			if h.asked == asked {
				t.Fatal("did not ask while the round was under way")
			}
			h.drain(0)
		}
		in.Tick()
		wantTags(t, "handed over when chunks seem to be in memory", h.tags[2*probes:], "", "", "", "")
	})
}

// What processors drop never reaches the counters, and is done with.
func TestSwallowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := modern(), &fakeSource{}
		h.swallow = true
		in := start(h, s)
		s.add("a", "b")
		in.Tick()
		wantTags(t, "confirmed", s.confirmed, "a", "b")
	})
}

// One tick hands over a bounded number of bytes and takes a bounded time.
func TestBounds(t *testing.T) {
	big := func() *o365.Batch {
		return &o365.Batch{Tag: "t", Events: []byte(strings.Repeat("r", roundBytes/4)), Records: roundBytes / 4}
	}
	tests := []struct {
		name       string
		appendTime time.Duration
		batches    []*o365.Batch
		handed     int
	}{
		{"bytes", 0, []*o365.Batch{big(), big(), big(), big(), big(), big()}, 4},
		{"time", 30 * time.Millisecond, []*o365.Batch{{Tag: "t", Events: []byte("r"), Records: 1}, {Tag: "t", Events: []byte("r"), Records: 1}, {Tag: "t", Events: []byte("r"), Records: 1}}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, s := modern(), &fakeSource{waiting: test.batches}
				h.appendTime = test.appendTime
				h.disk = 1 << 30
				in := start(h, s)
				in.Tick()
				if len(h.tags) != test.handed {
					t.Errorf("%d batches handed over in one tick, want %d", len(h.tags), test.handed)
				}
			})
		})
	}
}

func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := modern(), &fakeSource{}
		in := start(h, s)
		s.add("a", "b", "c")
		in.Tick()
		h.drain(2)
		s.add("d")
		in.Stop()
		wantTags(t, "confirmed at the end", s.confirmed, "c")
		wantTags(t, "handed over at the end", h.tags, "a", "b", "c")
		if !s.closed {
			t.Error("not closed")
		}
	})
}

// A host without flb_input_log_append_records takes one batch as the callback's result.
func TestCollect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := modern(), &fakeSource{}
		h.noAppend = true
		in := start(h, s)
		s.add("a", "b")
		if in.Tick(); s.flying != 0 {
			t.Error("a tick took a batch that it can't hand over")
		}
		if got, _ := in.Collect(); string(got) != "ar" {
			t.Errorf("collected %q", got)
		}
		if got, _ := in.Collect(); got != nil {
			t.Errorf("collected %q while the first is on its way", got)
		}
		h.counters.Load = delivery.Load{Records: 1, Bytes: 2}
		if got, _ := in.Collect(); string(got) != "brr" {
			t.Errorf("collected %q", got)
		}
		wantTags(t, "confirmed", s.confirmed, "a")
	})
}

func TestWithoutMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := &fakeHost{mute: true}, &fakeSource{}
		in := start(h, s)
		s.add("a")
		for range 10 {
			in.Tick()
			time.Sleep(100 * time.Millisecond)
		}
		wantTags(t, "confirmed too early", s.confirmed)
		in.Tick()
		in.Tick()
		wantTags(t, "confirmed", s.confirmed) // a second after the first quiet tick
		time.Sleep(100 * time.Millisecond)
		in.Tick()
		wantTags(t, "confirmed", s.confirmed, "a")
		if len(h.log) != 1 || !strings.Contains(h.log[0], "no metrics") {
			t.Errorf("log: %q", h.log)
		}
	})
}

func TestQueue(t *testing.T) {
	q := NewQueue(health.Info)
	h := modern()
	q.Log(health.Debug, "not shown")
	q.Log(health.Info, "one\nline\x00")
	q.Flush(h)
	wantTags(t, "printed", h.log, "3 one line")

	h.log = nil
	for i := range queued + 3 {
		q.Log(health.Error, fmt.Sprint(i))
	}
	q.Flush(h)
	if len(h.log) != queued+1 || h.log[0] != "2 3 log lines dropped" || h.log[1] != "1 3" {
		t.Errorf("%d lines, the first are %q", len(h.log), h.log[:2])
	}
}

// A tick that finds nothing to do asks the host nothing, and costs nothing.
func TestRest(t *testing.T) {
	h, s := modern(), &fakeSource{}
	in := start(h, s)
	h.mute = true
	for name, tick := range map[string]func(){
		"Tick": func() {
			if in.Tick() {
				t.Error("there was something to do")
			}
		},
		"Collect": func() {
			if events, busy := in.Collect(); busy || events != nil {
				t.Error("there was something to do")
			}
		},
	} {
		if n := testing.AllocsPerRun(100, tick); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
