package o365

import (
	"slices"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// number is the sum of the series of a metric that have these label values.
func number(t *testing.T, in *Input, name string, labels ...string) (sum float64) {
	t.Helper()
	found := false
	for _, s := range in.Metrics().Series() {
		has := s.Name == name
		for _, l := range labels {
			has = has && slices.Contains(s.Values, l)
		}
		if has {
			sum += s.Value()
			found = true
		}
	}
	if !found {
		t.Errorf("no series %s %q", name, labels)
	}
	return sum
}

// A run whose course is known gives these numbers and no others.
func TestMetricsOfARun(t *testing.T) {
	r := newRig(t, api.Options{Seed: 21, Blobs: 6, Records: 20, PageSize: 4, Faults: []api.Fault{
		{Kind: api.Insert, Op: "audit", Text: api.Number, Times: 2},
	}})
	r.options["content_types"] = api.Exchange
	r.options["batch_size"] = "16k"
	begun := time.Now()
	in := r.open()
	bytes, most := 0, 0.0
	for deadline := time.Now().Add(30 * time.Second); number(t, in, "blobs_total", "delivered") < 6; {
		most = max(most, number(t, in, "queue_bytes"))
		if b := in.Next(); b != nil {
			bytes += len(b.Events)
			r.records = append(r.records, readEvents(t, b.Events)...)
			b.Ack()
		} else {
			time.Sleep(time.Millisecond)
		}
		if time.Now().After(deadline) {
			t.Fatalf("not all blobs are delivered; the log says:\n%s", r.log.text())
		}
	}
	for deadline := time.Now().Add(5 * time.Second); number(t, in, "lag_seconds") > 60 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	in.Close()

	if most == 0 || most > 32e6 {
		t.Errorf("at most %v bytes were queued", most)
	}
	var lag metrics.Buckets
	for _, s := range in.Metrics().Series() {
		if h := s.Histogram(); h != nil {
			lag, _ = h.Read()
		}
	}
	if lag.Count() != uint64(len(r.records)) {
		t.Errorf("the event lag of %d records is known, of %d", lag.Count(), len(r.records))
	}
	now := float64(time.Now().Unix())
	recent := [2]float64{float64(begun.Unix()) - 2, now + 2}
	for _, tt := range []struct {
		name   string
		labels []string
		want   [2]float64
	}{
		{"up", nil, [2]float64{1, 1}},
		{"records_total", nil, [2]float64{float64(len(r.records)), float64(len(r.records))}},
		{"bytes_total", nil, [2]float64{float64(bytes), float64(bytes)}},
		{"blobs_total", []string{"delivered"}, [2]float64{6, 6}},
		{"blobs_total", []string{"lost"}, [2]float64{}},
		{"late_blobs_total", nil, [2]float64{}},
		{"duplicates_total", nil, [2]float64{}},
		{"malformed_total", nil, [2]float64{2, 2}},
		{"gaps_total", nil, [2]float64{}},
		{"gap_seconds_total", nil, [2]float64{}},
		{"retries_total", nil, [2]float64{}},
		{"pending_blobs", nil, [2]float64{}},
		{"queue_bytes", nil, [2]float64{}},
		{"throttled_total", nil, [2]float64{}},
		{"requests_per_minute", nil, [2]float64{2000, 2000}},
		{"lag_seconds", nil, [2]float64{0, 20}},
		{"complete_timestamp_seconds", nil, recent},
		{"listed_timestamp_seconds", nil, recent},
		{"last_success_timestamp_seconds", nil, recent},
		{"newest_content_timestamp_seconds", nil, [2]float64{now - 7*24*3600, now}},
		{"token_expiry_timestamp_seconds", nil, [2]float64{now + 60, now + 24*3600}},
		{"requests_total", []string{"token"}, [2]float64{1, 1}},
		{"requests_total", []string{"subscriptions", "200"}, [2]float64{1, 1}},
		{"requests_total", []string{"start", "200"}, [2]float64{1, 1}},
		{"requests_total", []string{"download"}, [2]float64{6, 6}},
		{"requests_total", []string{"download", "200"}, [2]float64{6, 6}},
	} {
		if got := number(t, in, tt.name, tt.labels...); got < tt.want[0] || got > tt.want[1] {
			t.Errorf("%s %q is %v, want %v", tt.name, tt.labels, got, tt.want)
		}
	}
	if all, ok := number(t, in, "requests_total", "list"), number(t, in, "requests_total", "list", "200"); ok < 8 || ok != all {
		t.Errorf("%v listings, %v of them went well", all, ok)
	}
}

// Duplicates, refusals and retries are told apart.
func TestMetricsOfTrouble(t *testing.T) {
	inBubble(t, api.Options{Seed: 22, Blobs: 8, Records: 20, Duplicates: 10, Faults: []api.Fault{
		{Kind: api.Throttle, Op: "content", Times: 2},
		{Kind: "503", Op: "audit", Times: 3},
	}}, func(t *testing.T, r *rig) {
		in := r.open()
		r.take(in, r.all)
		in.Close()
		for name, want := range map[string]float64{
			"throttled_total": 2, "retries_total": 3, "records_total": float64(len(r.records)), "queue_bytes": 0,
		} {
			if got := number(t, in, name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		if got := number(t, in, "requests_total", "list", "AF429"); got != 2 {
			t.Errorf("%v listings were throttled, want 2", got)
		}
		if got := number(t, in, "requests_total", "download", "5xx"); got != 3 {
			t.Errorf("%v downloads failed, want 3", got)
		}
		if got := number(t, in, "duplicates_total"); got == 0 {
			t.Error("no duplicates")
		}
	})
}

// An input that waits for news costs next to nothing.
func TestNothingIsAllocatedAtRest(t *testing.T) {
	inBubble(t, api.Options{Seed: 23, Blobs: 1, Records: 1}, func(t *testing.T, r *rig) {
		r.options["poll_interval"] = "1h"
		in := r.open()
		defer in.Close()
		r.take(in, func() bool { return r.all() && number(t, in, "blobs_total", "delivered") == 5 })
		time.Sleep(100 * time.Millisecond) // the last listings
		if n := testing.AllocsPerRun(100, func() {
			if in.Next() != nil {
				t.Error("a batch")
			}
		}); n != 0 {
			t.Errorf("%v allocations when there is no batch", n)
		}
	})
}
