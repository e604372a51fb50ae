package handover

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
)

func TestRingIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
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
		if len(h.log) != 1 || s.held != "Fluent Bit accepts no more records" {
			t.Errorf("log: %q, held: %q", h.log, s.held)
		}
		h.full = false
		time.Sleep(time.Minute)
		in.Tick()
		wantTags(t, "handed over", h.tags, "a", "b")
	})
}

// A batch that would not fit on the disk is not handed over until there is room.
func TestDiskIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		in := start(h, s)
		h.disk = 5
		s.add("a", "b", "c")
		in.Tick()
		wantTags(t, "handed over", h.tags, "a")
		wantTags(t, "returned", s.returned, "b")
		if s.held != "" {
			t.Errorf("held by a full disk although a batch was handed over: %s", s.held)
		}
		h.drain(0)
		h.disk = 3
		for range 100 {
			in.Tick()
			time.Sleep(100 * time.Millisecond)
		}
		wantTags(t, "handed over", h.tags, "a")
		if s.held != "the disk of Fluent Bit's storage.path is full" || !s.heldAtOnce {
			t.Errorf("held because %q, at once %t", s.held, s.heldAtOnce)
		}
		// In the round above, and after 0, 1, 3 and 7 of these 10 seconds.
		wantTags(t, "returned", s.returned, "b", "b", "b", "b", "b")
		h.disk = 1 << 20
		time.Sleep(time.Minute)
		in.Tick()
		wantTags(t, "handed over", h.tags, "a", "b", "c")
	})
}

// While it isn't known where chunks are, rounds are small, and the disk is
// searched for as long as there is a chunk.
func TestDiskIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		in := start(h, s)
		in.Tick()
		if h.searches > 0 {
			t.Error("the disk is searched for with nothing to hand over")
		}
		half := []byte(strings.Repeat("r", smallRoundBytes/2))
		for range 2*smallRounds + 4 {
			s.waiting = append(s.waiting, &o365.Batch{Events: half, Records: len(half)})
		}
		for i := range smallRounds {
			in.Tick()
			if want := 2 * (i + 1); len(h.tags) != want {
				t.Fatalf("%d batches handed over in %d rounds, want %d", len(h.tags), i+1, want)
			}
			searches := h.searches
			in.Tick()
			if h.searches == searches {
				t.Fatal("the disk is not searched for while a round is outstanding")
			}
			h.drain(0)
			time.Sleep(time.Second) // rounds are paced
		}
		in.Tick()
		wantTags(t, "handed over once chunks are assumed to be in memory", h.tags[2*smallRounds:], "", "", "", "")
	})
}

// A batch that processors drop never reaches the counters. It is acknowledged.
func TestDroppedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		h.dropsAll = true
		in := start(h, s)
		s.add("a", "b")
		in.Tick()
		wantTags(t, "acknowledged", s.acknowledged, "a", "b")
	})
}

// However soon Fluent Bit stores, so much is handed over in a second.
func TestRoundsArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		h.disk = 1 << 40
		big := &o365.Batch{Tag: "t", Events: []byte(strings.Repeat("r", 1<<20)), Records: 1 << 20}
		s.waiting = slices.Repeat([]*o365.Batch{big}, 1000)
		in := start(h, s)
		for begun := time.Now(); time.Since(begun) < 10*time.Second; time.Sleep(time.Millisecond) {
			in.Tick()
			h.drain(0)
		}
		if n := int64(len(h.tags)) << 20; n < 9*mostPerSecond || n > 10*mostPerSecond+unstoredMax {
			t.Errorf("%d bytes in 10 seconds", n)
		}
	})
}

// After a round that failed the next one waits for the back-off, which is longer than
// what the bytes of the round ask for.
func TestPacingKeepsTheBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		h.disk, h.full = 1<<40, true
		s.waiting = []*o365.Batch{{Tag: "t", Events: []byte(strings.Repeat("r", unstoredMax)), Records: 1}}
		in := start(h, s)
		for wait := minBackoff; wait < maxBackoff; wait *= 2 {
			s.returned = nil
			in.Tick()
			time.Sleep(wait - time.Millisecond)
			in.Tick()
			wantTags(t, "returned", s.returned, "t")
			time.Sleep(time.Millisecond)
		}
	})
}

// The first round, and one after batches were given back, are so small that it is
// certain which batches are missing.
func TestCarefulRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := newFakeHost(), &fakeSource{}
		h.disk = 1 << 30
		in := start(h, s)
		for i := range 300 {
			s.add(strconv.Itoa(i))
		}
		for i, step := range []struct{ lose, want int }{{0, 16}, {0, 52}, {1, 52}, {2, 16}, {0, 16}, {0, 52}} {
			before := len(h.tags)
			for len(h.tags) == before {
				in.Tick()
				time.Sleep(100 * time.Millisecond)
			}
			if got := len(h.tags) - before; got != step.want {
				t.Errorf("round %d: %d batches, want %d", i+1, got, step.want)
			}
			h.drain(step.lose)
		}
	})
}

// One tick hands over a bounded number of bytes and takes a bounded time.
func TestRoundBounds(t *testing.T) {
	big := &o365.Batch{Tag: "t", Events: []byte(strings.Repeat("r", unstoredMax/4)), Records: unstoredMax / 4}
	small := &o365.Batch{Tag: "t", Events: []byte("r"), Records: 1}
	tests := []struct {
		name       string
		appendTime time.Duration
		batches    []*o365.Batch
		handed     int
		pace       Pace
		careful    bool
	}{
		{"bytes", 0, slices.Repeat([]*o365.Batch{big}, 6), 4, Walk, false},
		{"time", 30 * time.Millisecond, slices.Repeat([]*o365.Batch{small}, 3), 2, Walk, false},
		{"batches", 0, slices.Repeat([]*o365.Batch{small}, 300), 52, Hurry, false},
		{"fewer than empty the ring at once", 0, slices.Repeat([]*o365.Batch{small}, 51), 51, Walk, false},
		{"careful", 0, slices.Repeat([]*o365.Batch{small}, 300), 16, Walk, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, s := newFakeHost(), &fakeSource{waiting: test.batches}
				h.appendTime = test.appendTime
				h.disk = 1 << 30
				in := start(h, s)
				in.careful = test.careful
				pace := in.Tick()
				if len(h.tags) != test.handed || pace != test.pace {
					t.Errorf("%d batches handed over in one tick, want %d; pace %d, want %d", len(h.tags), test.handed, pace, test.pace)
				}
			})
		})
	}
}
