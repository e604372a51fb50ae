package delivery

import (
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

var theStream = source.Stream{Tenant: "t", ContentType: "c"}

// hour n is a span of yesterday.
func hour(n int) source.Span {
	from := time.Now().UTC().Truncate(time.Hour).Add(time.Duration(n-24) * time.Hour)
	return source.Span{From: from, To: from.Add(time.Hour)}
}

// The stop waits for a disk that is busy, but no longer than the deadline, and warns of
// what is not written, not of what is.
func TestClose(t *testing.T) {
	const limit, never = 3 * time.Second, time.Hour
	const warning = "2 db: still being written; records that are not in it at the end will be delivered again"
	for _, tt := range []struct {
		name     string
		disk     disk
		underWay bool // something is written when it is closed
		takes    time.Duration
		written  bool
		log      string
	}{
		{"a fast disk", disk{}, true, 0, true, ""},
		{"a busy disk", disk{write: 2 * time.Second}, false, 2 * time.Second, true, ""},
		{"a busy disk that writes", disk{write: 1400 * time.Millisecond}, true, 2800 * time.Millisecond, true, ""},
		{"a busy disk that also closes slowly", disk{write: 2 * time.Second, close: 900 * time.Millisecond}, false, 2900 * time.Millisecond, true, ""},
		{"too slow for what it writes and the rest", disk{write: 2 * time.Second}, true, limit, false, warning},
		{"a disk that never answers", disk{write: never}, false, limit, false, warning},
		{"a disk that never answers what it writes", disk{write: never}, true, limit, false, warning},
		{"a file that is not closed", disk{close: never}, false, limit, true, ""},
		{"a full disk", disk{fails: func(int) bool { return true }}, false, 0, false,
			"1 the state file can't be written at the end: records delivered since the last write will be delivered again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := writeTo(t, &tt.disk)
				if tt.underWay {
					w.committer.complete(theStream, hour(1))
					synctest.Wait()
				}
				w.committer.complete(theStream, hour(2))
				begun := time.Now()
				w.Close(begun.Add(limit))
				if took := time.Since(begun); took != tt.takes {
					t.Errorf("it took %v, want %v", took, tt.takes)
				}
				contains := func(s source.Span) bool { return !s.From.After(hour(2).From) && !s.To.Before(hour(2).To) }
				if got := slices.ContainsFunc(w.disk.Completed(theStream), contains); got != tt.written {
					t.Errorf("written: %v, want %v", got, tt.written)
				}
				if got := strings.Join(w.lines, "\n"); got != tt.log {
					t.Errorf("logged %q, want %q", got, tt.log)
				}
				time.Sleep(3 * never)
			})
		})
	}
}

// What was acknowledged just before the stop is in the state file.
func TestAcknowledgedBeforeTheStop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	numbers := metrics.New([]string{theStream.Tenant}, []string{theStream.ContentType})
	for round := range 21 {
		l, err := ledger.Open(path, ledger.Options{Retention: map[string]time.Duration{"c": 7 * 24 * time.Hour}, DedupMax: 1000, DedupWindow: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		d := New(Config{BatchSize: 1 << 10, QueueSize: 1 << 20, Dedup: true, Downloads: 1}, l, health.NewMonitor(numbers.StreamIDs(), nil, nil, nil), numbers, nil, nil)
		tenant := d.Tenant("t", []source.ContentType{{Name: "c"}})
		deliver := func(n int) *Batch {
			id := string(rune('a' + n))
			item := tenant.Announce(source.Item{ContentType: "c", ID: id, Created: time.Now(), Expires: time.Now().Add(time.Hour)}, func() {})
			if err := item.Deliver(t.Context(), strings.NewReader(`[{"Id":"`+id+`"}]`)); err != nil {
				t.Fatal(err)
			}
			return d.Next()
		}
		if round > 0 {
			if p := tenant.Progress(theStream, string(rune('a'+round-1))); !p.Done {
				t.Errorf("round %d: %+v", round, p)
			}
			if b := deliver(round - 1); b != nil {
				t.Errorf("round %d: %d records come again", round, b.Records)
				b.Ack()
			}
		}
		deliver(round).Ack()
		d.Close(time.Now().Add(time.Minute))
	}
}

// Whichever writes fail, all changes are written in the end, and items are told once.
func TestWritesThatFailAreRepeated(t *testing.T) {
	gap := func(n int) ledger.Gap {
		return ledger.Gap{Stream: theStream, Span: hour(n), Reason: "gone", Found: hour(20).From}
	}
	for first := 1; first <= 7; first++ {
		for _, more := range []int{0, 1, 2} {
			synctest.Test(t, func(t *testing.T) {
				w := writeTo(t, &disk{fails: func(n int) bool { return n >= first && n <= first+more }})
				if err := w.disk.Ledger.AddGap(gap(3)); err != nil {
					t.Fatal(err)
				}
				if err := w.disk.Ledger.Complete(theStream, hour(10)); err != nil {
					t.Fatal(err)
				}
				delivered := 0
				tenant := w.Tenant(theStream.Tenant, []source.ContentType{{Name: theStream.ContentType}})
				item := tenant.Announce(source.Item{ContentType: theStream.ContentType, ID: "i", Created: hour(1).From}, func() { delivered++ })
				w.committer.collectedSince(theStream, hour(0).From)
				w.committer.retract(theStream, hour(9).From)
				w.committer.complete(theStream, hour(0))
				w.committer.takeBack(gap(3), []ledger.Gap{gap(4)})
				w.committer.lost(gap(5))
				if err := item.Deliver(t.Context(), strings.NewReader(`[{"Id":"a"}]`)); err != nil {
					t.Fatal(err)
				}
				w.Next().Ack()
				synctest.Wait()
				s := w.metrics.Stream(theStream.Tenant, theStream.ContentType)
				if state := w.monitor.Snapshot()[0].State; (state == health.Degraded) != (w.disk.writes() == first) {
					t.Errorf("fails from %d on: %s after %d writes", first, state, w.disk.writes())
				}
				time.Sleep(time.Duration(more+1)*commitRetryPause - 1)
				if w.monitor.Snapshot()[0].State == health.Starting && w.disk.writes() >= first {
					t.Errorf("fails from %d on: it is over before the pause is", first)
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				if state := w.monitor.Snapshot()[0].State; state != health.Starting {
					t.Errorf("fails from %d on: still %s", first, state)
				}
				since, _ := w.disk.Ledger.Since(theStream, time.Now())
				if !since.Equal(hour(0).From) || !slices.Equal(w.disk.Completed(theStream), []source.Span{hour(0)}) ||
					!slices.Equal(w.disk.Gaps(theStream), []ledger.Gap{gap(4), gap(5)}) || !w.disk.Progress(theStream, "i").Done {
					t.Errorf("fails from %d on: since %v, complete %v, gaps %v, progress %+v",
						first, since, w.disk.Completed(theStream), w.disk.Gaps(theStream), w.disk.Progress(theStream, "i"))
				}
				if delivered != 1 || s.Delivered.Load() != 1 || w.committer.batches != 0 || w.disk.writes() < 6 {
					t.Errorf("fails from %d on: delivered %d times, counted %d, %d batches wait, %d writes",
						first, delivered, s.Delivered.Load(), w.committer.batches, w.disk.writes())
				}
				if complete := s.Complete.Load(); !complete.Equal(hour(0).To) {
					t.Errorf("fails from %d on: complete until %v, want %v", first, complete, hour(0).To)
				}
				w.Close(time.Now().Add(time.Second))
				if len(w.lines) > 0 {
					t.Errorf("fails from %d on: logged %q", first, w.lines)
				}
			})
		}
	}
}

// A disk that stays full is tried once a second, and holds up the hand-over once
// MaxUnwritten batches are not written.
func TestNothingIsHandedOverWhileTheDiskIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Bool
		full.Store(true)
		w := writeTo(t, &disk{fails: func(int) bool { return full.Load() }})
		w.committer.complete(theStream, hour(1)) // the write that fails
		lane := w.queue.lane(theStream, "")
		for n := 1; n <= MaxUnwritten+5; n++ {
			w.queue.addNow(lane, []byte("x"), part{records: 1})
			b, want := w.Next(), n <= MaxUnwritten+1
			if (b != nil) != want || (w.Waiting() > 0) != want {
				t.Fatalf("batch %d: handed over %v, %d bytes wait", n, b != nil, w.Waiting())
			}
			if b != nil {
				b.Ack()
			}
			time.Sleep(time.Second / 4)
			synctest.Wait()
		}
		if seconds := (MaxUnwritten + 5) / 4; w.disk.writes() < seconds || w.disk.writes() > seconds+2 {
			t.Errorf("%d writes in %d seconds", w.disk.writes(), seconds)
		}
		time.Sleep(time.Second)
		if s := w.monitor.Snapshot()[0]; s.State != health.Failing || s.Causes[0].What != "the state file can't be written" {
			t.Errorf("%+v", s)
		}
		full.Store(false)
		time.Sleep(time.Second)
		if s := w.monitor.Snapshot()[0]; s.State != health.Starting || w.Next() == nil {
			t.Errorf("nothing is handed over on a disk with room, %+v", s)
		}
		w.Close(time.Now().Add(time.Second))
	})
}

// Old entries go every five minutes, by the clock that is behind.
func TestPruneByTheEarliestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := writeTo(t, &disk{})
		begun := time.Now()
		w.metrics.Tenant(theStream.Tenant).Clock.Set(metrics.Moment{Local: begun, Service: begun.Add(-time.Hour)})
		time.Sleep(2*pruneInterval + time.Second)
		synctest.Wait()
		want := []time.Time{begun.Add(pruneInterval - time.Hour), begun.Add(2*pruneInterval - time.Hour)}
		if !slices.EqualFunc(w.disk.pruned, want, time.Time.Equal) {
			t.Errorf("pruned at %v, want %v", w.disk.pruned, want)
		}
		w.Close(time.Now().Add(time.Second))
	})
}

// What is acknowledged while something is written is written next, without a further
// cause.
func TestChangeDuringAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := writeTo(t, &disk{write: time.Second})
		w.committer.complete(theStream, hour(1))
		synctest.Wait()
		w.committer.complete(theStream, hour(3))
		time.Sleep(2*time.Second + time.Millisecond)
		if got := w.disk.Completed(theStream); !slices.Equal(got, []source.Span{hour(1), hour(3)}) {
			t.Errorf("%v are written", got)
		}
		w.Close(time.Now().Add(time.Second))
	})
}

// What is older than the service keeps it is complete, by the service's clock.
func TestCompleteByTheServicesClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := writeTo(t, &disk{})
		now := time.Now()
		service := now.Add(time.Hour)
		w.metrics.Tenant(theStream.Tenant).Clock.Set(metrics.Moment{Local: now, Service: service})
		if _, err := w.disk.Ledger.Since(theStream, now.Add(-30*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		w.committer.complete(theStream, hour(1))
		synctest.Wait()
		want := w.disk.Through(theStream, service)
		if got := w.metrics.Stream(theStream.Tenant, theStream.ContentType).Complete.Load(); !got.Equal(want) || got.Equal(w.disk.Through(theStream, now)) {
			t.Errorf("complete until %v, want %v", got, want)
		}
		w.Close(time.Now().Add(time.Second))
	})
}
