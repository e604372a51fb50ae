package replay

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestProgress(t *testing.T) {
	var p progress
	set := metrics.New([]string{"t"}, []string{"Audit.Exchange", "Audit.General"})
	p.publish(streams, set)
	for _, s := range streams {
		for range 4 {
			p.found(object{stream: s, size: 1000})
		}
	}
	p.finish(object{stream: general, size: 1000}) // by an earlier run
	begun := start
	p.begin([]hour{{at: start, stream: exchange}, {at: start, stream: general}, {at: start.Add(time.Hour), stream: general}, {stream: general}}, begun)
	step := func(want string, after time.Duration, bytes int64) {
		t.Helper()
		if got := p.line(bytes, 30*time.Second, begun.Add(after)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	step("replay: hour 0 of 3: 1 of 8 contents, 0 records, 0.0 MB/s", 0, 0)
	p.reached(hour{at: start, stream: exchange})
	p.reached(hour{at: start, stream: general})
	p.finish(object{stream: exchange, size: 1000})
	set.Stream("t", "Audit.Exchange").Records.Add(7)
	step("replay: hour 1 of 3, 2021-03-28T00:00Z: 2 of 8 contents, 7 records, 1.5 MB/s, about 3m0s left", 30*time.Second, 45_000_000)
	p.reached(hour{at: start.Add(time.Hour), stream: general})
	p.reached(hour{stream: general})
	for range 4 {
		p.finish(object{stream: exchange, size: 1000})
	}
	p.finish(object{stream: general, size: 1000})
	p.lost.Add(1)
	step("replay: hour 3 of 3: 7 of 8 contents, 7 records, 0.0 MB/s, about 20s left", 2*time.Minute, 0)
	p.finish(object{stream: general, size: 1000})
	p.json.Store(60_000_000)
	const want = "replay done: 6 contents of 3 hours, 7 records in 2m30s, 0.4 MB/s; 1 contents were replayed before; 1 objects were lost"
	if got := p.end(begun.Add(150 * time.Second)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Hours are counted also where their time is unknown, and once each.
func TestProgressOfHours(t *testing.T) {
	for name, tt := range map[string]struct {
		hours []hour
		want  int64
	}{
		"none":                     {nil, 0},
		"an unknown one":           {[]hour{{stream: exchange}, {stream: general}}, 1},
		"one":                      {[]hour{{at: start, stream: exchange}, {at: start, stream: general}}, 1},
		"one, and an unknown":      {[]hour{{at: start, stream: exchange}, {stream: exchange}, {stream: general}}, 2},
		"two":                      {[]hour{{at: start, stream: exchange}, {at: start.Add(time.Hour), stream: exchange}}, 2},
		"that of the year 1970":    {[]hour{{at: time.Unix(0, 0), stream: exchange}}, 1},
		"two, not the one between": {[]hour{{at: start, stream: exchange}, {at: start.Add(2 * time.Hour), stream: general}}, 2},
	} {
		var p progress
		p.begin(tt.hours, start)
		for _, h := range tt.hours {
			p.reached(h)
		}
		if p.allHour != tt.want || p.hours.Load() != tt.want {
			t.Errorf("%s: %d of %d hours, want %d", name, p.hours.Load(), p.allHour, tt.want)
		}
	}
}

// The log has a line every 30 seconds while anything moves.
func TestProgressIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lines
		r := New(Config{Streams: streams, Metrics: metrics.New([]string{"t"}, []string{"Audit.Exchange", "Audit.General"})}, nil, log.logger())
		ctx, cancel := context.WithCancel(t.Context())
		go r.reportProgress(ctx)
		time.Sleep(time.Second)
		for n, step := range []struct {
			json, done int
			lines      int // in all
		}{{0, 0, 0}, {1, 0, 1}, {0, 0, 1}, {0, 1, 2}, {0, 0, 2}, {0, 0, 2}, {1, 1, 3}, {0, 0, 3}} {
			r.progress.json.Add(int64(step.json) * 30_000_000)
			for range step.done {
				r.progress.finish(object{stream: general, size: 1})
			}
			time.Sleep(30 * time.Second)
			if got := log.count("replay: hour"); got != step.lines {
				t.Errorf("step %d: %d lines, want %d\n%s", n, got, step.lines, log.text())
			}
		}
		if log.count("1.0 MB/s") != 2 || log.count("0.0 MB/s") != 1 {
			t.Errorf("the log:\n%s", log.text())
		}
		cancel()
	})
}

func TestSpanText(t *testing.T) {
	to := start.Add(time.Hour)
	for want, span := range map[string]source.Span{
		"of all times": {}, "available from 2021-03-28T00:00:00Z": {From: start}, "available until 2021-03-28T01:00:00Z": {To: to},
		"available from 2021-03-28T00:00:00Z until 2021-03-28T01:00:00Z": {From: start.In(time.FixedZone("", 3600)), To: to},
	} {
		if got := spanText(span); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
