package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// started is a delivery as one start of the plugin has it.
type started struct {
	*Delivery
	*Tenant
	numbers *metrics.Stream
	lines   []string
}

// start returns a delivery of a tenant with the content type c.
func start(c Config, l *ledger.Ledger, tenant string, kind source.ContentType) *started {
	kind.Name, c.Downloads = "c", 1
	s := &started{}
	set := metrics.New([]string{tenant}, []string{"c"})
	log := logging.Logger(func(_ logging.Level, line string) { s.lines = append(s.lines, line) })
	s.Delivery = New(c, l, health.NewMonitor(set.StreamIDs(), nil, log, nil), set, nil, log)
	s.Tenant, s.numbers = s.Delivery.Tenant(tenant, []source.ContentType{kind}), set.Stream(tenant, "c")
	return s
}

// kill ends a delivery without its last write.
func (s *started) kill() {
	close(s.committer.stop)
	<-s.committer.stopped
}

// take acknowledges all that waits, and returns it.
func (s *started) take() (events string, records int) {
	for b := s.Next(); b != nil; b = s.Next() {
		events += string(b.Events)
		records += b.Records
		b.Ack()
	}
	return events, records
}

// Every element of an item is counted once, as what it is, however often the item is
// downloaded.
func TestElementsAreCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		created := func(ago int) string {
			return time.Now().UTC().Add(-time.Duration(ago) * time.Second).Format("2006-01-02T15:04:05")
		}
		filler := func(n int) string { return strings.Repeat("x", n) }
		elements := []string{
			`{"Id":"a","CreationTime":"` + created(400) + `"}`,
			`{"Id":"b","Without":"time"}`,
			`{"Id":"a","CreationTime":"` + created(400) + `"}`, // a duplicate
			`{"Id":"a","Another":"content"}`,
			`5`,
			`{"Id":"large","CreationTime":"` + created(4000) + `","Text":"` + filler(1500) + `"}`, // more than a batch
			`{"Id":"larger","Text":"` + filler(5000) + `"}`,
			`{"Id":"too large","Text":"` + filler(3000) + `"}`,
			`{"Id":"c","Number":1e400,"CreationTime":"` + created(40000) + `"}`,
			`{"Id":"b","Without":"time"}`, // a duplicate at the end
		}
		body := "[" + strings.Join(elements, ",") + "]"
		l, err := ledger.Open("", ledger.Options{Retention: map[string]time.Duration{"c": 7 * 24 * time.Hour}, DedupMax: 1000, DedupWindow: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		s := start(Config{BatchSize: 1 << 10, QueueSize: 1 << 20, RecordMax: 2000, Dedup: true}, l, "t", source.ContentType{})
		newest := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
		delivered := 0
		item := s.Announce(source.Item{ContentType: "c", ID: "i", Created: newest}, func() { delivered++ })
		deliver := func(r io.Reader, want error) {
			t.Helper()
			if err := item.Deliver(t.Context(), r); !errors.Is(err, want) {
				t.Fatal(err)
			}
		}
		cut := func(n int) io.Reader { // ends inside element n
			part := body[:len("[")+len(strings.Join(elements[:n], ","))+3]
			return io.MultiReader(strings.NewReader(part), iotest.ErrReader(context.DeadlineExceeded))
		}
		deliver(cut(4), context.DeadlineExceeded)
		deliver(cut(3), context.DeadlineExceeded)
		deliver(strings.NewReader(body), nil)
		if n := s.numbers.Queue.Load(); n == 0 || n != int64(s.Waiting()) {
			t.Errorf("%d bytes are queued, %d wait", n, s.Waiting())
		}
		time.Sleep(time.Minute)
		b := s.Next()
		b.Nack()
		if before := time.Since(s.LastAck()); before != time.Minute {
			t.Errorf("the last ack was %v ago", before)
		}
		waiting := s.Waiting()
		events, records := s.take()
		if ago := time.Since(s.LastAck()); ago != 0 {
			t.Errorf("the last ack was %v ago", ago)
		}
		synctest.Wait()
		for _, id := range []string{"a", "b", "large", "larger", "too large", "c"} {
			want := 1
			if id == "a" {
				want = 2
			}
			if n := strings.Count(events, "\xa2Id"+string([]byte{byte(0xa0 + len(id))})+id); n != want {
				t.Errorf("%q is delivered %d times", id, n)
			}
		}
		lags, lag := s.numbers.EventLag.Read()
		got := fmt.Sprint("records ", records, s.numbers.Records.Load(), " bytes ", s.numbers.Bytes.Load() == int64(waiting), len(events) == waiting,
			" queue ", s.numbers.Queue.Load(), " duplicates ", s.numbers.Duplicates.Load(), " conflicts ", s.numbers.Conflicts.Load(),
			" oversized ", s.numbers.Oversized.Load(), " adjusted ", s.numbers.Adjusted.Load(), " malformed ", s.numbers.Malformed.Load(),
			" blobs ", s.numbers.Delivered.Load(), delivered, " lag ", lags.Count(), lag, " newest ", s.numbers.Newest.Load().Equal(newest),
			" progress ", l.Progress(theStream, "i"))
		if want := "records 7 7 bytes true true queue 0 duplicates 2 conflicts 1 oversized 2 adjusted 1 malformed 1 blobs 1 1 lag 3 44580 newest true progress {10 true}"; got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		want := []string{
			"t c: blob i: 1 of its elements are no usable records and are left out; the first: record 4 at byte 156: not a JSON object",
			"t c: blob i: 2 records are larger than record_max; only their first fields are delivered, with o365_record_too_large; " +
				"the largest is record 6 of 5025 bytes: raise record_max, 8M at most, if whole ones are wanted",
			"t c: blob i: 1 records have the Id of others, but another content; they are delivered, and counted in id_conflicts_total",
		}
		if got := strings.Join(s.lines, "\n"); got != strings.Join(want, "\n") {
			t.Errorf("logged\n%s\nwant\n%s", got, strings.Join(want, "\n"))
		}
		// The same content again, in another item: all of it is known.
		again := s.Announce(source.Item{ContentType: "c", ID: "j", Created: newest.Add(-time.Hour)}, func() { delivered++ })
		if err := again.Deliver(t.Context(), strings.NewReader(body)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, records := s.take(); records != 0 {
			t.Errorf("%d records come again", records)
		}
		got = fmt.Sprint("duplicates ", s.numbers.Duplicates.Load(), " conflicts ", s.numbers.Conflicts.Load(), " oversized ", s.numbers.Oversized.Load(),
			" adjusted ", s.numbers.Adjusted.Load(), " malformed ", s.numbers.Malformed.Load(), " blobs ", s.numbers.Delivered.Load(), delivered,
			" newest ", s.numbers.Newest.Load().Equal(newest), " progress ", l.Progress(theStream, "j"))
		if want := "duplicates 11 conflicts 1 oversized 2 adjusted 1 malformed 2 blobs 2 2 newest true progress {10 true}"; got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		item.Forget()
		again.Forget()
		if s.queue.elsewhere != 0 || s.queue.records != 0 || s.queue.bytes() != 0 {
			t.Errorf("left in the queue: %d bytes of items, %d records, %d bytes", s.queue.elsewhere, s.queue.records, s.queue.bytes())
		}
		s.Close(time.Now().Add(time.Second))
	})
}

// After a kill the next start delivers what was not acknowledged, and no more: by
// position without dedup, else by the records' keys, however the tenant is spelled.
func TestRestartGoesOn(t *testing.T) {
	const records = 40
	var body strings.Builder
	for n := range records {
		fmt.Fprintf(&body, `%c{"Id":"%d","Text":"%s"}`, "[,"[min(n, 1)], n, strings.Repeat("x", 100))
	}
	body.WriteString("]")
	for _, dedup := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			options := ledger.Options{Retention: map[string]time.Duration{"c": 7 * 24 * time.Hour}}
			if dedup {
				options.DedupMax, options.DedupWindow = 1000, time.Hour
			}
			l, err := ledger.Open("", options)
			if err != nil {
				t.Fatal(err)
			}
			tenants := []string{"t", "t", "t"}
			if dedup {
				tenants[1] = "T"
			}
			taken, delivered := 0, 0
			for n, tenant := range tenants {
				s := start(Config{BatchSize: 1 << 10, QueueSize: 1 << 20, Dedup: dedup}, l, tenant, source.ContentType{})
				item := s.Announce(source.Item{ContentType: "c", ID: "i", Created: time.Now()}, func() { delivered++ })
				if err := item.Deliver(t.Context(), strings.NewReader(body.String())); err != nil {
					t.Fatal(err)
				}
				if n == len(tenants)-1 {
					_, rest := s.take()
					taken += rest
					synctest.Wait()
					if taken != records || delivered != 1 || rest == 0 {
						t.Errorf("dedup %v: %d records, %d at the end, delivered %d times", dedup, taken, rest, delivered)
					}
				} else {
					b := s.Next()
					taken += b.Records
					b.Ack()
					s.Next() // in flight when it is killed
				}
				synctest.Wait()
				if known := s.numbers.Duplicates.Load(); !dedup && (known != 0 || len(s.keys()) > 0) {
					t.Errorf("without dedup %d duplicates are counted, and %d keys are kept", known, len(s.keys()))
				}
				if got := int(s.numbers.Records.Load()); n == 0 && got != taken {
					t.Errorf("dedup %v: %d records counted, %d taken", dedup, got, taken)
				}
				s.kill()
				l.Release(s.keys())
			}
		})
	}
}

// keys are those that end with the process.
func (s *started) keys() (keys []ledger.Key) {
	for _, lane := range s.queue.lanes {
		for _, b := range slices.Concat(lane.waiting, lane.inFlight) {
			for _, p := range b.parts {
				keys = append(keys, p.keys...)
			}
		}
	}
	return keys
}

// Records with the Id of others are logged once an hour, and not where that is usual.
func TestConflictsAreLoggedHourly(t *testing.T) {
	for _, usual := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l, err := ledger.Open("", ledger.Options{Retention: map[string]time.Duration{"c": 7 * 24 * time.Hour}, DedupMax: 1000, DedupWindow: 24 * time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			s := start(Config{BatchSize: 1 << 10, QueueSize: 1 << 20, Dedup: true}, l, "t", source.ContentType{SharedIDs: usual})
			for n, want := range []int{1, 1, 1, 2} {
				if usual {
					want = 0
				}
				item := s.Announce(source.Item{ContentType: "c", ID: fmt.Sprint(n)}, func() {})
				if err := item.Deliver(t.Context(), strings.NewReader(fmt.Sprintf(`[{"Id":"a","N":%d},{"Id":"a","M":%d}]`, n, n))); err != nil {
					t.Fatal(err)
				}
				if len(s.lines) != want {
					t.Errorf("usual %v, blob %d: %q", usual, n, s.lines)
				}
				time.Sleep(conflictInterval / 3)
			}
			s.take()
			s.Close(time.Now().Add(time.Second))
		})
	}
}

// Each item is delivered once, when all of it is written, also where it has no records.
func TestItemsAreDeliveredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openMemory(t)
		s := start(Config{BatchSize: 1 << 10, QueueSize: 1 << 20}, l, "t", source.ContentType{})
		bodies := []string{`[{"Id":"a"},{"Id":"b"}]`, `[]`, `[1,2,3]`, `[{"Id":"c"}, 4]`, `[{"Id":"d"}]`}
		elements := []int{2, 0, 3, 2, 1}
		delivered := make([]int, len(bodies))
		for n, body := range bodies {
			if err := s.Announce(source.Item{ContentType: "c", ID: fmt.Sprint(n)}, func() { delivered[n]++ }).Deliver(t.Context(), strings.NewReader(body)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			for b := s.Next(); b != nil; b = s.Next() {
				if delivered[n] > 0 {
					t.Errorf("item %d is delivered before its end", n)
				}
				b.Ack()
				synctest.Wait()
			}
			for m := range bodies {
				if want := min(max(n-m+1, 0), 1); delivered[m] != want {
					t.Errorf("after item %d, item %d is delivered %d times", n, m, delivered[m])
				}
			}
			if p := l.Progress(theStream, fmt.Sprint(n)); p != (ledger.Progress{Records: elements[n], Done: true}) {
				t.Errorf("item %d: %+v", n, p)
			}
		}
		s.Close(time.Now().Add(time.Second))
	})
}
