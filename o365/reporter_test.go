package o365

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

var (
	mail       = source.Stream{Tenant: "contoso", ContentType: string(activity.Exchange)}
	sharepoint = source.Stream{Tenant: "contoso", ContentType: string(activity.SharePoint)}
)

// forgottenAbove is how many Ids are remembered.
const forgottenAbove = 1000

// watched runs f beside an input that collects nothing, in a bubble in which
// it is midnight.
func watched(t *testing.T, f func(in *Input, book *ledger.Ledger, log *lines)) {
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		book, err := ledger.Open("", ledger.Options{Retention: map[string]time.Duration{"c": 7 * 24 * time.Hour}, DedupMax: forgottenAbove, DedupWindow: 7 * 24 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		in := &Input{log: log.add, metrics: metrics.New([]string{"contoso"}, []string{activity.Exchange, activity.SharePoint})}
		monitor := health.NewMonitor(in.metrics.StreamIDs(), nil, in.log, nil)
		config := delivery.Config{HealthTag: "health", BatchSize: 1e6, QueueSize: 2e7}
		in.delivery = delivery.New(config, book, monitor, in.metrics, nil, in.log)
		in.reporter = newReporter(in.delivery, book, monitor, in.metrics, in.log, time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		in.running.Go(func() { monitor.Run(ctx) })
		in.running.Go(func() { in.reporter.run(ctx) })
		monitor.Listed(source.Stream{})
		f(in, book, log)
		cancel()
		in.running.Wait()
		in.delivery.Close(time.Now().Add(time.Second))
	})
}

func TestHourlySummary(t *testing.T) {
	watched(t, func(in *Input, _ *ledger.Ledger, log *lines) {
		time.Sleep(59 * time.Minute)
		in.metrics.Stream(mail.Tenant, mail.ContentType).Records.Add(40)
		in.metrics.Stream(sharepoint.Tenant, sharepoint.ContentType).Records.Add(2)
		in.metrics.Stream(sharepoint.Tenant, sharepoint.ContentType).Delivered.Add(3)
		in.metrics.Stream(sharepoint.Tenant, sharepoint.ContentType).Duplicates.Add(1)
		in.metrics.Tenant("contoso").Throttled.Add(5)
		in.metrics.Stream(mail.Tenant, mail.ContentType).Pending.Set(3)
		in.metrics.Stream(sharepoint.Tenant, sharepoint.ContentType).Pending.Set(4)
		in.metrics.Stream(mail.Tenant, mail.ContentType).Queue.Set(10)
		in.metrics.Stream(sharepoint.Tenant, sharepoint.ContentType).Queue.Set(20)
		in.metrics.Stream(sharepoint.Tenant, sharepoint.ContentType).Complete.Set(time.Now().Add(-9 * time.Minute))
		if strings.Contains(log.text(), "last hour") {
			t.Errorf("too early: %s", log.text())
		}
		for range 14 {
			in.reporter.monitor.Set(sharepoint, health.Permission, health.Failing, health.Cause{What: "no permission", Do: "grant it", Detail: "401"})
		}
		time.Sleep(2 * time.Minute)
		want := "3 contoso: in the last hour 42 records of 3 blobs delivered, 1 duplicates dropped, 5 requests throttled, 7 blobs still to come, 30 bytes waiting for Fluent Bit; lag 10m at most (Audit.SharePoint); Audit.SharePoint: failing for 1m (met 14 times): no permission"
		if !strings.Contains(log.text(), want) {
			t.Errorf("the log says\n%s\nwant\n%s", log.text(), want)
		}
		in.reporter.monitor.Clear(sharepoint, health.Permission)
		in.metrics.Stream(sharepoint.Tenant, sharepoint.ContentType).Complete.Set(time.Time{})
		in.metrics.Tenant("contoso").Throttled.Add(2)
		in.metrics.Stream(mail.Tenant, mail.ContentType).Records.Add(1)
		for _, s := range in.metrics.Streams() {
			s.Pending.Set(0)
			s.Queue.Set(0)
		}
		time.Sleep(time.Hour)
		want = "3 contoso: in the last hour 1 records of 0 blobs delivered, 0 duplicates dropped, 2 requests throttled; lag less than a minute"
		if text := log.text(); !strings.HasSuffix(text, want) || strings.Count(text, "last hour") != 2 {
			t.Errorf("the log says\n%s\nwant at its end\n%s", text, want)
		}
		time.Sleep(time.Hour)
		want = "3 contoso: in the last hour 0 records of 0 blobs delivered, 0 duplicates dropped; lag less than a minute"
		if text := log.text(); !strings.HasSuffix(text, want) {
			t.Errorf("the log says\n%s\nwant at its end\n%s", text, want)
		}
	})
}

// How far a stream is behind is by the service's clock: in the hourly summary, and in the
// record of a day.
func TestLagIsByTheServicesClock(t *testing.T) {
	const skew = -30 * time.Minute
	watched(t, func(in *Input, _ *ledger.Ledger, log *lines) {
		in.metrics.Tenant("contoso").Clock.Set(metrics.Moment{Local: time.Now(), Service: time.Now().Add(skew).UTC()})
		numbers := in.metrics.Stream(mail.Tenant, mail.ContentType)
		time.Sleep(59 * time.Minute)
		numbers.Complete.Set(time.Now().Add(skew - 4*time.Minute))
		time.Sleep(2 * time.Minute)
		if want := "lag 5m at most (Audit.Exchange)"; !strings.Contains(log.text(), want) {
			t.Errorf("the log says\n%s\nwant %s", log.text(), want)
		}
		taken(t, in) // the day before, which ended half an hour after the start
		time.Sleep(23*time.Hour + 38*time.Minute)
		numbers.Complete.Set(time.Now().Add(skew - 4*time.Minute))
		time.Sleep(2 * time.Minute)
		if records := strings.Join(taken(t, in), "\n"); !strings.Contains(records, `"ContentType":"Audit.Exchange"`) || !strings.Contains(records, `"LagSeconds":300`) {
			t.Errorf("no lag of 300 s: %s", records)
		}
	})
}

// Ids that are forgotten too early are logged once an hour.
func TestForgottenIds(t *testing.T) {
	watched(t, func(_ *Input, book *ledger.Ledger, log *lines) {
		for n := range 40 {
			keys := make([]ledger.Key, 100)
			for i := range keys {
				binary.BigEndian.PutUint64(keys[i][:], uint64(n*len(keys)+i)<<32)
			}
			if err := book.Confirm([]ledger.Delivery{{Stream: mail, Blob: fmt.Sprint(n), Created: time.Now(), Expires: time.Now().Add(time.Hour), Keys: keys, Done: true}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		time.Sleep(3 * time.Hour)
		want := fmt.Sprintf("2 in the last hour %d Ids were forgotten before dedup_window was over", book.Evicted())
		if book.Evicted() < 40*100-forgottenAbove-200 || strings.Count(log.text(), want) != 1 || strings.Count(log.text(), "forgotten") != 1 {
			t.Errorf("%d are forgotten; the log says\n%s\nwant once\n%s", book.Evicted(), log.text(), want)
		}
	})
}

// taken confirms all batches and returns their records.
func taken(t *testing.T, in *Input) (records []string) {
	t.Helper()
	for b := in.Next(); b != nil; b = in.Next() {
		for _, text := range readEvents(t, b.Events) {
			records = append(records, string(text))
		}
		b.Ack()
	}
	return records
}

func TestOutputThatTakesNothing(t *testing.T) {
	watched(t, func(in *Input, _ *ledger.Ledger, log *lines) {
		time.Sleep(20*time.Minute + 5*time.Second) // nothing waits
		in.delivery.Report(health.Event{Kind: health.Gap, Tenant: "contoso", ContentType: mail.ContentType, Reason: "a record that waits"})
		waiting := in.delivery.Waiting()
		in.Held(health.Cause{What: "Fluent Bit has paused this input", Do: "look at its outputs"}, false)
		time.Sleep(2*time.Minute + 50*time.Second)
		if strings.Contains(log.text(), "paused") || len(in.reporter.monitor.Problems("contoso")) > 0 {
			t.Errorf("too early: %s", log.text())
		}
		time.Sleep(20 * time.Minute)
		want := fmt.Sprintf("2 contoso: Fluent Bit has paused this input: look at its outputs; nothing is lost as long as Microsoft keeps it, 7 days (%d bytes wait, the last were taken at 2000-01-01T00:20:00Z)", waiting)
		if strings.Count(log.text(), want) != 1 || strings.Count(log.text(), "paused") != 1 {
			t.Errorf("the log says\n%s\nwant once\n%s", log.text(), want)
		}
		if s := in.reporter.monitor.Snapshot(); s[0].State != health.Degraded || s[1].State != health.Degraded {
			t.Errorf("states: %v", s)
		}
		taken := in.Next()
		taken.Ack()
		time.Sleep(time.Minute)
		if want = "3 contoso: over after 20m: Fluent Bit"; !strings.Contains(log.text(), want) {
			t.Errorf("the log says\n%s\nwant\n%s", log.text(), want)
		}

		// The same again is another stall.
		in.delivery.Report(health.Event{Kind: health.Gap, Tenant: "contoso", ContentType: mail.ContentType, Reason: "another record that waits"})
		in.Held(health.Cause{What: "Fluent Bit has paused this input", Do: "look at its outputs"}, false)
		time.Sleep(20 * time.Minute)
		if n := strings.Count(log.text(), "2 contoso: Fluent Bit has paused this input"); n != 2 {
			t.Errorf("the second of two stalls: %d lines in\n%s", n, log.text())
		}
		if s := in.reporter.monitor.Snapshot(); s[0].State != health.Degraded || s[1].State != health.Degraded {
			t.Errorf("states: %v", s)
		}
		// Another cause is reported as well.
		in.Held(health.Cause{What: "the disk is full", Do: "make room"}, true)
		time.Sleep(time.Minute)
		if n := strings.Count(log.text(), "2 contoso: the disk is full: make room"); n != 1 {
			t.Errorf("another cause: %d lines in\n%s", n, log.text())
		}
		in.Next().Ack()
	})
}

// Of a replay an output that takes nothing is reported as well, and nothing gets lost by
// that; there are no hours and no days.
func TestOutputThatTakesNothingOfAReplay(t *testing.T) {
	watched(t, func(in *Input, _ *ledger.Ledger, log *lines) {
		in.reporter.replays = true
		in.delivery.Report(health.Event{Kind: health.Gap, Tenant: "contoso", ContentType: mail.ContentType, Reason: "a record that waits"})
		time.Sleep(49 * time.Hour)
		text := log.text()
		if strings.Count(text, "2 contoso: Fluent Bit takes no records: look for errors of its outputs in its log (") != 1 || strings.Contains(text, "Microsoft keeps") || strings.Contains(text, "last hour") {
			t.Errorf("the log says\n%s", text)
		}
		if records := strings.Join(taken(t, in), "\n"); strings.Contains(records, "completeness") {
			t.Errorf("days are reported: %s", records)
		}
	})
}

// What was said before records were taken again is no reason of a later stall, and a
// cause that is told at once is told at the next check.
func TestReasonsOfStalls(t *testing.T) {
	watched(t, func(in *Input, _ *ledger.Ledger, log *lines) {
		wait := func(reason string) {
			in.delivery.Report(health.Event{Kind: health.Gap, Tenant: "contoso", ContentType: mail.ContentType, Reason: reason})
		}
		time.Sleep(5 * time.Second) // checks are between
		wait("one")
		in.Held(health.Cause{What: "the disk is full", Do: "make room"}, true)
		if time.Sleep(checkInterval + time.Second); strings.Count(log.text(), "the disk is full: make room") != 1 || checkInterval > 15*time.Second {
			t.Errorf("it is not told at once:\n%s", log.text())
		}
		taken(t, in)
		if time.Sleep(time.Minute); !strings.Contains(log.text(), "over after") {
			t.Errorf("it is not over:\n%s", log.text())
		}
		wait("two")
		time.Sleep(stallThreshold + time.Minute)
		if text := log.text(); strings.Count(text, "the disk is full: make room") != 1 || strings.Count(text, "Fluent Bit takes no records") != 1 {
			t.Errorf("the log says\n%s", text)
		}
		taken(t, in)
	})
}

func TestClip(t *testing.T) {
	at := func(n int) time.Time { return time.Unix(int64(n), 0) }
	span := func(from, to int) source.Span { return source.Span{From: at(from), To: at(to)} }
	spans := []source.Span{span(0, 5), span(5, 10), span(8, 12), span(13, 14), span(18, 30), span(20, 25), span(40, 50)}
	if got, want := clip(spans, at(10), at(20)), []source.Span{span(10, 12), span(13, 14), span(18, 20)}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSummaryOfARun(t *testing.T) {
	m := metrics.New([]string{"contoso"}, []string{"a", "b"})
	for _, s := range m.Streams() {
		s.Records.Add(5)
		s.Delivered.Add(2)
		s.Duplicates.Add(3)
	}
	const all = "10 records of 4 blobs delivered, 6 duplicates dropped"
	if got := summary(m); got != all {
		t.Errorf("got %q", got)
	}
	m.Stream("contoso", "b").Malformed.Add(1)
	m.Stream("contoso", "b").Gaps.Add(1)
	if got := summary(m); got != all+", 1 malformed, 1 gaps" {
		t.Errorf("got %q", got)
	}
}
