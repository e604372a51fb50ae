package replay

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/archive"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// perHour is how many records an hour of rig.days has.
const perHour = 2 * (5 + 3)

func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.days(7)
		archived := r.json
		r.putBytes("notes/readme.txt", []byte("not of the archive"), nil)
		r.put(source.Stream{Tenant: "another", ContentType: "Audit.General"}, "x", start, 9, archive.JSON)
		if !r.run() {
			t.Fatal("not done")
		}
		if n, want := r.distinct(), 7*24*perHour; n != want {
			t.Errorf("%d records, want %d", n, want)
		}
		for _, s := range streams {
			last := ""
			for _, e := range r.events {
				if !strings.HasPrefix(e.ID, s.ContentType) {
					continue
				}
				if hour := e.CreationTime[:13]; hour < last {
					t.Errorf("%v: %s comes after %s", s, hour, last)
				} else {
					last = hour
				}
			}
		}
		for _, want := range []string{"replay: 672 contents of 168 hours, ", "of all times; 0 of them", "t: replaying Audit.Exchange and Audit.General",
			"replay done: 672 contents of 168 hours, 2688 records in "} {
			if r.log.count(want) != 1 {
				t.Errorf("the log has no line %q:\n%s", want, r.log.text())
			}
		}
		if n := r.replay.progress.json.Load(); n < archived || n > archived+10_000 {
			t.Errorf("%d bytes were read, want %d", n, archived)
		}
		for _, s := range r.set.Series() {
			if strings.HasPrefix(s.Name, "replay_") && strings.HasSuffix(s.Name, "blobs") && s.Value() != 336 {
				t.Errorf("%s %v is %v", s.Name, s.Values, s.Value())
			}
		}
	})
}

// Of a span there come its records alone, by when their content became available.
func TestSpan(t *testing.T) {
	for _, tt := range []struct {
		name     string
		from, to time.Duration // behind start; 0: no bound
		hours    float64       // of records
		planned  int           // hours
	}{
		{"a day", 72 * time.Hour, 96 * time.Hour, 24, 24},
		{"from", 140 * time.Hour, 0, 28, 28},
		{"until", 0, 3 * time.Hour, 3, 3},
		{"within an hour", 90 * time.Second, time.Hour + 90*time.Second, 1, 2},
		{"before all", -48 * time.Hour, -24 * time.Hour, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.days(7)
				r.put(exchange, "undated", time.Time{}, 2, archive.JSON)
				if tt.from != 0 {
					r.config.Span.From = start.Add(tt.from)
				}
				if tt.to != 0 {
					r.config.Span.To = start.Add(tt.to)
				}
				if !r.run() {
					t.Fatal("not done")
				}
				if n, want := r.distinct(), int(tt.hours*perHour); n != want {
					t.Errorf("%d records, want %d\n%s", n, want, r.log.text())
				}
				for _, e := range r.events {
					if at, _ := time.Parse("2006-01-02T15:04:05", e.CreationTime); !within(r.config.Span, at) {
						t.Errorf("%v came", e)
					}
				}
				if plan := fmt.Sprintf("contents of %d hours, ", tt.planned); tt.planned > 0 && r.log.count(plan) != 2 {
					t.Errorf("the log does not say %q:\n%s", plan, r.log.text())
				}
				if r.log.count("content whose time is unknown") != 1 {
					t.Errorf("the log does not say what is left out:\n%s", r.log.text())
				}
				if r.log.count("has no content") != map[bool]int{true: 1}[tt.hours == 0] {
					t.Errorf("the log:\n%s", r.log.text())
				}
			})
		})
	}
}

// Content of unknown time comes last, and all versions of one content come, without
// what they share.
func TestUndatedAndVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.Concurrency = 1
		r.put(general, "undated", time.Time{}, 1, archive.NDJSON)
		r.putText(general, "v", start, 1, archive.JSON, `[{"Id":"1","CreationTime":"2021-03-28T00:00:00"}]`)
		r.putText(general, "v", start, 2, archive.JSON, `[{"Id":"1","CreationTime":"2021-03-28T00:00:00"},{"Id":"2","CreationTime":"2021-03-28T00:00:00"}]`)
		r.run()
		if want := []string{"1", "2", "Audit.General-undated-0"}; !slices.Equal(r.ids(), want) {
			t.Errorf("%q came, want %q", r.ids(), want)
		}
	})
}

// A replay that is killed goes on: nothing is lost, and of what was acknowledged nothing
// comes again.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.days(3)
		r.db = filepath.Join(t.TempDir(), "replay.db")
		for _, limit := range []int{300, 1, 450, 0} {
			r.limit = limit
			if done := r.run(); done != (limit == 0) {
				t.Fatalf("done is %v after %d records\n%s", done, len(r.events), r.log.text())
			}
		}
		if n, want := r.distinct(), 3*24*perHour; n != want {
			t.Errorf("%d records, want %d", n, want)
		}
		before := len(r.events)
		if r.run(); len(r.events) != before {
			t.Errorf("%d records come again", len(r.events)-before)
		}
		if r.log.count("288 of them were replayed before") != 1 {
			t.Errorf("the log:\n%s", r.log.text())
		}
	})
}

// A mistake in the plugin ends the replay alone: Run panics, for its caller to recover.
func TestMistake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.days(1)
		r.mistake = true
		defer func() {
			if p := recover(); p != "a mistake" {
				t.Errorf("Run panics with %v", p)
			}
		}()
		r.run()
	})
}

// A time is in a span from its beginning on, and before its end.
func TestWithin(t *testing.T) {
	to := start.Add(time.Hour)
	for _, tt := range []struct {
		span source.Span
		at   time.Time
		want bool
	}{
		{source.Span{}, start, true}, {source.Span{}, time.Time{}, true},
		{source.Span{From: start}, start.Add(-1), false}, {source.Span{From: start}, start, true}, {source.Span{From: start}, to, true},
		{source.Span{To: to}, to.Add(-1), true}, {source.Span{To: to}, to, false}, {source.Span{From: start, To: to}, to, false},
	} {
		if got := within(tt.span, tt.at); got != tt.want {
			t.Errorf("%v in %v: %v", tt.at, tt.span, got)
		}
	}
}

// A replay has ended when no content is open, and nothing is queued.
func TestDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := metrics.New([]string{"t"}, []string{"Audit.Exchange", "Audit.General"})
		r := New(Config{Streams: streams, Metrics: set, MostOpen: 3}, nil, nil)
		queue := &set.Stream("t", "Audit.General").Queue
		r.open <- struct{}{}
		queue.Set(5)
		ended := make(chan bool, 1)
		go func() { ended <- r.delivered(t.Context()) }()
		for _, step := range []func(){func() {}, func() { <-r.open }} {
			step()
			time.Sleep(time.Minute)
			if len(ended) > 0 {
				t.Fatal("it has ended")
			}
		}
		queue.Set(0)
		if !<-ended {
			t.Error("it has not ended")
		}
	})
	for name, busy := range map[string]func(*Replay){
		"open":   func(r *Replay) { r.open <- struct{}{} },
		"queued": func(r *Replay) { r.config.Metrics.Stream("t", "Audit.General").Queue.Set(1) },
	} {
		synctest.Test(t, func(t *testing.T) {
			r := New(Config{Streams: streams, Metrics: metrics.New([]string{"t"}, []string{"Audit.Exchange", "Audit.General"}), MostOpen: 1}, nil, nil)
			busy(r)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if r.delivered(ctx) {
				t.Errorf("%s: it has ended", name)
			}
		})
	}
}
