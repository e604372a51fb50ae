package handover

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
)

// fakeHost is a Fluent Bit whose main thread moves the ring when drain is called.
type fakeHost struct {
	counters   Counters
	noMetrics  bool
	noAppend   bool
	full       bool  // the ring buffer accepts nothing
	disk       int64 // bytes free; 0: chunks are in memory
	searches   int   // for the disk
	dropsAll   bool  // processors drop whole batches
	appendTime time.Duration

	ring   []*o365.Batch
	tags   []string
	stored int // records
	log    []string
}

func (h *fakeHost) Print(level logging.Level, line string) {
	h.log = append(h.log, fmt.Sprintf("%d %s", level, line))
}
func (h *fakeHost) Counters() (Counters, bool) { return h.counters, !h.noMetrics }
func (h *fakeHost) CanAppend() bool            { return !h.noAppend }

func (h *fakeHost) Free() (int64, bool) {
	h.searches++
	return h.disk, h.disk > 0
}

func (h *fakeHost) Append(tag string, events []byte, records int) bool {
	time.Sleep(h.appendTime)
	if h.full {
		return false
	}
	h.tags = append(h.tags, tag)
	if h.dropsAll {
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

// fakeSource gives batches as o365.Input does.
type fakeSource struct {
	waiting      []*o365.Batch
	inFlight     int
	acknowledged []string
	returned     []string
	held         string
	heldAtOnce   bool
	closed       bool
	late         int // batches that were answered after Close
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
	s.inFlight++
	return delivery.NewBatch(b.Tag, b.Events, b.Records, func(stored bool) { s.answer(b, stored) })
}

func (s *fakeSource) answer(b *o365.Batch, stored bool) {
	s.inFlight--
	if s.closed {
		s.late++
	}
	if stored {
		s.acknowledged = append(s.acknowledged, b.Tag)
		return
	}
	s.returned = append(s.returned, b.Tag)
	s.waiting = append([]*o365.Batch{b}, s.waiting...)
}

func (s *fakeSource) Held(why health.Cause, atOnce bool) { s.held, s.heldAtOnce = why.What, atOnce }

func (s *fakeSource) Close() { s.closed = true }

func newFakeHost() *fakeHost { return &fakeHost{counters: Counters{HasRing: true}} }

const unstoredMax = 4 << 20

func start(h *fakeHost, s *fakeSource) *Handover {
	return New(h, s, unstoredMax, NewLogQueue(logging.Info, func() {}))
}

func wantTags(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}
