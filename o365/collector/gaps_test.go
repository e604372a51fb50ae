package collector

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

func TestGapsAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		stop := collect(s, b, l, nil)
		time.Sleep(time.Hour)
		stop()
		stopped := time.Now()
		time.Sleep(10 * 24 * time.Hour)
		collect(s, b, l, nil)()
		again := collect(s, b, l, nil) // a gap is reported once
		time.Sleep(time.Hour)
		again()
		if len(b.gaps) != 2 {
			t.Fatalf("%d gaps for two streams: %v", len(b.gaps), b.gaps)
		}
		for _, g := range b.gaps {
			if d := g.Span.From.Sub(stopped); d < -2*time.Minute || d > 0 {
				t.Errorf("the gap of %v begins %s from the stop", g.Stream, d)
			}
			if d := g.Span.To.Sub(stopped.Add(3 * 24 * time.Hour)); d < -time.Minute || d > time.Minute {
				t.Errorf("the gap of %v ends %s from where the service begins", g.Stream, d)
			}
		}
		if l.with("lost: content of") != 2 {
			t.Errorf("the log has %q", l.all())
		}
	})
}

// What became available while a subscription was off is lost.
func TestSubscriptionThatWasOffIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		stop := collect(s, b, l, nil)
		time.Sleep(time.Hour)
		off := time.Now()
		s.mu.Lock()
		delete(s.subscribed, activity.Exchange)
		s.mu.Unlock()
		time.Sleep(time.Hour)
		stop()
		if len(b.gaps) != 1 || b.gaps[0].Stream.ContentType != activity.Exchange {
			t.Fatalf("gaps: %v; the log has %q", b.gaps, l.all())
		}
		span := b.gaps[0].Span
		if d := off.Sub(span.From); d < 0 || d > 2*time.Minute || span.To.Before(off.Truncate(time.Second)) {
			t.Errorf("the gap is %v, the subscription was off from %v on", span, off)
		}
	})
}

func TestLostItemIsReportedAndBlocksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		lost := s.add(activity.Exchange, time.Now().Add(-retention+10*time.Minute), 0)
		s.fault = func(op source.Op) error {
			if op == source.OpDownload && time.Since(s.items[0].Created) < retention {
				return &source.Error{Op: op, Status: 500, Code: "AF50000"}
			}
			return nil
		}
		stop := collect(s, b, l, nil)
		time.Sleep(20 * time.Minute)
		s.add(activity.SharePoint, time.Now(), 0)
		time.Sleep(5 * time.Minute)
		stop()
		if len(b.gaps) != 1 || len(b.delivered) != 1 || l.with("lost: content of") != 1 || l.with(lost) == 0 {
			t.Errorf("gaps %v, delivered %v, log %q", b.gaps, b.delivered, l.all())
		}
	})
}

// Of an outage that is longer than the service keeps content, the part that cannot be
// listed afterwards is lost, and is reported while the collector runs.
func TestLongOutageIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l := newService(t), newLedgerModel(), new(logLines)
		stop := collect(s, b, l, func(c *Config) { c.ContentTypes = contentTypes(activity.Exchange) })
		time.Sleep(time.Hour)
		down := time.Now()
		s.fail(fault("", errReset))
		time.Sleep(retention + 3*24*time.Hour)
		s.fail(nil)
		up := time.Now()
		time.Sleep(time.Hour)
		stop()
		lost := joinSpans(gapSpans(b.gaps), time.Minute)
		if len(lost) != 1 || lost[0].From.Sub(down).Abs() > 2*time.Minute || lost[0].To.Sub(up.Add(-retention)).Abs() > 6*time.Minute {
			t.Fatalf("gaps: %v; nothing was listed from %v to %v", b.gaps, down, up)
		}
		gaps := len(b.gaps)
		collect(s, b, l, func(c *Config) { c.ContentTypes = contentTypes(activity.Exchange) })()
		if len(b.gaps) != gaps {
			t.Errorf("a restart reports %v", b.gaps[gaps:])
		}
	})
}
