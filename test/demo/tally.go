package main

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

// tally compares what arrives with what the service has.
type tally struct {
	service *service
	start   time.Time

	mu      sync.Mutex
	checker *check.Checker
	count
	last   time.Time // when a record arrived
	filled count     // at the end of the backfill
}

// count is how much had arrived after a time.
type count struct {
	records int
	bytes   int64
	after   time.Duration
}

func (c count) String() string {
	return fmt.Sprintf("%s records, %.1f MB of JSON", thousands(c.records), float64(c.bytes)/1e6)
}

func (c count) rate() float64 { return float64(c.bytes) / 1e6 / c.after.Seconds() }

func newTally(s *service) *tally {
	return &tally{
		service: s,
		start:   time.Now(),
		checker: s.Checker(check.Options{Dedup: true}),
		last:    time.Now(),
	}
}

func (t *tally) add(record []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.checker.Add(record)
	t.records++
	t.bytes += int64(len(record))
	t.last = time.Now()
	t.after = t.last.Sub(t.start)
}

// idle is the time since the last record arrived.
func (t *tally) idle() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Since(t.last)
}

func (t *tally) progress() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := fmt.Sprintf("%.0f s: %v", time.Since(t.start).Seconds(), t.count)
	if t.filled.records == 0 {
		text += fmt.Sprintf(" of about %s", thousands(t.service.backlog*t.service.size))
	}
	return text
}

// complete reports whether nothing is missing that was made so far.
func (t *tally) complete() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	// Only the report covers new records, and it takes a while if many are
	// missing.
	if e := t.service.Expect(); e.Blobs < t.service.backlog || t.records < e.Distinct {
		return false
	}
	r := t.checker.Report()
	return r.Expected > 0 && r.Lost == 0
}

// backfilled records that the seven days have been delivered, and describes them.
func (t *tally) backfilled() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.filled = t.count
	return fmt.Sprintf("%v in %.1f s, %.1f MB/s at no more than 2,000 requests a minute", t.filled, t.filled.after.Seconds(), t.filled.rate())
}

// verdict is the service's account of the delivery in words.
func (t *tally) verdict(early bool, peak int64) (text string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.checker.Report()
	text = fmt.Sprintf("delivered: %v in %.0f s", t.count, time.Since(t.start).Seconds())
	if t.filled.records > 0 {
		text += fmt.Sprintf("; the seven days in %.1f s, %.1f MB/s", t.filled.after.Seconds(), t.filled.rate())
	}
	if peak > 0 {
		text += fmt.Sprintf("; at most %d MB of memory in use", peak>>20)
	}
	if early {
		text += fmt.Sprintf("\n== stopped early: %s records are still to come", thousands(r.Lost))
		r.Lost = 0
	}
	text += fmt.Sprintf("\n== compared with what the service has: %d lost, %d repeated, %d changed, %d unexpected", r.Lost, r.Repeated, r.Changed, r.Unexpected+r.Invalid)
	if e := t.service.Expect(); !early && e.Records > e.Distinct {
		text += fmt.Sprintf("; %s that it served twice came once", thousands(e.Records-e.Distinct))
	}
	if r.OK() {
		return text, true
	}
	r.Examples = r.Examples[:min(3, len(r.Examples))]
	return text + "\n" + r.String(), false
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
