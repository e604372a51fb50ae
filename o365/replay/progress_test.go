package replay

import (
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
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
