package replay

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// progressInterval is how often the log says how far the replay is.
const progressInterval = 30 * time.Second

// progress counts objects. It is safe for concurrent use, but for publish and begin.
type progress struct {
	streams map[source.Stream]*counts
	records func() int64 // delivered by this run
	json    atomic.Int64 // bytes that were read
	lost    atomic.Int64 // objects
	at      atomic.Int64 // the hour that is read, Unix seconds; 0: none yet, or unknown
	hours   atomic.Int64 // how many were begun
	allHour int64
	begun   time.Time
	before  amount // what an earlier run has replayed
}

// amount is a number of objects.
type amount struct{ objects, bytes int64 }

// counts are those of one stream.
type counts struct{ objects, bytes, done, doneBytes atomic.Int64 }

// publish lets the metrics show the progress.
func (p *progress) publish(streams []source.Stream, m *metrics.Set) {
	p.streams = make(map[source.Stream]*counts)
	for _, s := range streams {
		c := new(counts)
		p.streams[s] = c
		shown := m.Stream(s.Tenant, s.ContentType)
		shown.ReplayBlobs, shown.ReplayDone = gauge(&c.objects), gauge(&c.done)
		shown.ReplayBytes, shown.ReplayDoneBytes = gauge(&c.bytes), gauge(&c.doneBytes)
		m.Tenant(s.Tenant).ReplayPosition = p.position
	}
	p.records = func() int64 { return m.Sum(func(s *metrics.Stream) *metrics.Counter { return &s.Records }) }
}

func gauge(n *atomic.Int64) metrics.GaugeFunc { return func() float64 { return float64(n.Load()) } }

func (p *progress) position() time.Time {
	if at := p.at.Load(); at != 0 {
		return time.Unix(at, 0).UTC()
	}
	return time.Time{}
}

// begin is called when all objects are found.
func (p *progress) begin(hours []hour, now time.Time) {
	for i, h := range hours {
		if i == 0 || !h.at.Equal(hours[i-1].at) {
			p.allHour++
		}
	}
	p.begun = now
	_, p.before = p.sums()
}

// found counts an object that is to be replayed.
func (p *progress) found(o object) {
	c := p.streams[o.stream]
	c.objects.Add(1)
	c.bytes.Add(o.size)
}

// finish counts an object for which nothing is left to do.
func (p *progress) finish(o object) {
	c := p.streams[o.stream]
	c.done.Add(1)
	c.doneBytes.Add(o.size)
}

// reached notes the hour that is read next.
func (p *progress) reached(h hour) {
	at := int64(0)
	if !h.at.IsZero() {
		at = h.at.Unix()
	}
	if p.at.Swap(at) != at || p.hours.Load() == 0 {
		p.hours.Add(1)
	}
}

// sums are those over all streams: what there is, and what is done of it.
func (p *progress) sums() (all, done amount) {
	for _, c := range p.streams {
		all.objects += c.objects.Load()
		all.bytes += c.bytes.Load()
		done.objects += c.done.Load()
		done.bytes += c.doneBytes.Load()
	}
	return all, done
}

// reportProgress logs how far the replay is, until ctx ends.
func (r *Replay) reportProgress(ctx context.Context) {
	p := &r.progress
	var json, done int64
	for sleep(ctx, progressInterval) {
		now := p.json.Load()
		_, d := p.sums()
		if now == json && d.objects == done {
			continue // nothing moves, of which something else gives the reason
		}
		r.log.Infof("%s", p.line(now-json, progressInterval, time.Now()))
		json, done = now, d.objects
	}
}

// line is how far the replay is; in the time of last so many bytes of JSON were read.
func (p *progress) line(bytes int64, last time.Duration, now time.Time) string {
	all, done := p.sums()
	line := fmt.Sprintf("replay: hour %d of %d", p.hours.Load(), p.allHour)
	if at := p.position(); !at.IsZero() {
		line += ", " + at.Format("2006-01-02T15:04Z")
	}
	line += fmt.Sprintf(": %d of %d contents, %d records, %.1f MB/s", done.objects, all.objects, p.records(), float64(bytes)/1e6/last.Seconds())
	if moved := done.bytes - p.before.bytes; moved > 0 {
		left := time.Duration(float64(now.Sub(p.begun)) * float64(max(0, all.bytes-done.bytes)) / float64(moved))
		line += ", about " + left.Round(time.Second).String() + " left"
	}
	return line
}

// end is what was replayed, in one line.
func (p *progress) end(now time.Time) string {
	_, done := p.sums()
	took := now.Sub(p.begun)
	line := fmt.Sprintf("replay done: %d contents of %d hours, %d records in %s, %.1f MB/s", done.objects-p.before.objects-p.lost.Load(), p.allHour,
		p.records(), took.Round(time.Second), float64(p.json.Load())/1e6/max(took.Seconds(), 0.001))
	if p.before.objects > 0 {
		line += fmt.Sprintf("; %d contents were replayed before", p.before.objects)
	}
	if n := p.lost.Load(); n > 0 {
		line += fmt.Sprintf("; %d objects were lost", n)
	}
	return line
}

// logPlan logs what there is to replay.
func (r *Replay) logPlan(p plan) {
	all, done := r.progress.sums()
	span := spanText(r.config.Span)
	if all.objects == 0 {
		r.log.Warnf("replay: the archive has no content of these tenants and content types %s: check replay_url, tenant_id, content_types, replay_from and replay_to", span)
	} else {
		r.log.Infof("replay: %d contents of %d hours, %.1f MB, %s; %d of them were replayed before", all.objects, r.progress.allHour, float64(all.bytes)/1e6, span, done.objects)
	}
	if p.undated {
		r.log.Warnf("replay: the archive also has content whose time is unknown; it is replayed only without replay_from and replay_to")
	}
}

// spanText is a span as part of a sentence.
func spanText(s source.Span) string {
	text := "of all times"
	if bounded(s) {
		text = "available"
	}
	if !s.From.IsZero() {
		text += " from " + s.From.UTC().Format(time.RFC3339)
	}
	if !s.To.IsZero() {
		text += " until " + s.To.UTC().Format(time.RFC3339)
	}
	return text
}
