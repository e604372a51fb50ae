package collector

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
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

// What got too old while a collector ran and could not list it is one gap.
func TestUnlistedContentIsAGap(t *testing.T) {
	refused := &source.Error{Status: 500}
	for name, test := range map[string]struct {
		fault      func(op source.Op) error
		backlog    bool // the fault is that of the backlog's listings only
		lasts      time.Duration
		lost       time.Duration
		afterFault bool // the gap begins where the fault began; else with the retention
	}{
		"listings, in time":  {fault(source.OpList, refused), false, 6 * 24 * time.Hour, 0, false},
		"listings":           {fault(source.OpList, refused), false, 8 * 24 * time.Hour, 24 * time.Hour, true},
		"listings, for long": {fault(source.OpList, refused), false, 10 * 24 * time.Hour, 72 * time.Hour, true},
		"sign-in":            {fault("", &source.SignInError{Err: wrongSecret{}}), false, 8 * 24 * time.Hour, 24 * time.Hour, true},
		"permission":         {fault("", &source.Error{Status: 401}), false, 8 * 24 * time.Hour, 24 * time.Hour, true},
		"backlog, in time":   {fault(source.OpList, refused), true, 3 * time.Minute, 0, false},
		"backlog":            {fault(source.OpList, refused), true, 30 * time.Hour, 30 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, b, l := newService(t), newLedgerModel(), new(logLines)
				s.pageSize = 500
				only := func(c *Config) { c.ContentTypes = contentTypes(activity.Exchange) }
				begun := time.Now()
				for age := retention - 10*time.Minute; age > 0; age -= 20 * time.Minute {
					s.add(activity.Exchange, begun.Add(-age), 0)
				}
				var stop func()
				if test.backlog {
					stop = collectWith(&backlogFails{s, test.fault, begun.Add(test.lasts)}, b, newMonitorModel(), NewBudget(2000), l, only)
				} else {
					stop = collect(s, b, l, only)
					time.Sleep(2 * time.Hour)
					begun = time.Now()
					s.fail(test.fault)
				}
				for time.Since(begun) < test.lasts {
					s.add(activity.Exchange, time.Now(), 0)
					time.Sleep(20 * time.Minute)
				}
				s.fail(nil)
				ended := time.Now()
				time.Sleep(24 * time.Hour)
				stop()
				wantDeliveredOrInGap(t, s, b)
				if test.lost == 0 {
					b.check(t, s)
					return
				}
				from, to := begun, ended.Add(-retention)
				if !test.afterFault {
					from = begun.Add(-retention)
				}
				var got source.Span
				if spans := joinSpans(gapSpans(b.gaps), time.Minute); len(spans) == 1 {
					got = spans[0]
				}
				if got.From.Sub(from).Abs() > 2*time.Minute || got.To.Sub(to).Abs() > 20*time.Minute {
					t.Errorf("gaps %v, want one of %v to %v", b.gaps, from, to)
				}
				if !test.backlog && l.with("lost: content of") != 1 {
					t.Errorf("the log has %q", l.all())
				}
			})
		})
	}
}

// backlogFails is a service whose listings of content older than a day fail.
type backlogFails struct {
	*service
	fault func(op source.Op) error
	until time.Time
}

func (c *backlogFails) List(ctx context.Context, t string, span source.Span, next string, want source.Want) (source.Page, error) {
	if now := time.Now(); now.Before(c.until) && now.Sub(span.To) > time.Hour {
		return source.Page{}, c.fault(source.OpList)
	}
	return c.service.List(ctx, t, span, next, want)
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

// What a delivered item takes back of a gap, by when it became available.
func TestGapsThatItemsRefute(t *testing.T) {
	at := func(second int) time.Time { return time.Unix(1_800_000_000+int64(second), 0).UTC() }
	long := strings.Repeat("x", 200)
	for _, tt := range []struct {
		reason string
		id     string
		second int
		want   string // what is left of 10 to 20
	}{
		{"too old", "id", 9, "10-20"},
		{"too old", "id", 10, "11-20"},
		{"too old", "id", 15, "10-15 16-20"},
		{"too old", "id", 19, "10-19"},
		{"too old", "id", 20, "10-20"},
		{"off" + subscriptionOffSuffix, "id", 9, "10-20"},
		{"off" + subscriptionOffSuffix, "id", 15, "16-20"},
		{"off" + subscriptionOffSuffix, "id", 19, ""},
		{"off" + subscriptionOffSuffix, "id", 20, "10-20"},
		{gapReason("id") + "gone", "id", 50, ""},
		{gapReason("id") + "gone", "other", 15, "10-20"},
		{(gapReason(long) + "gone")[:mostReasonBytes+10], long, 50, ""}, // as a ledger cuts it
	} {
		s, st, _, _ := steadyState(t)
		b := s.ledger.(*ledgerModel)
		b.Lost(ledger.Gap{Stream: st.id, Span: source.Span{From: at(10), To: at(20)}, Reason: tt.reason})
		s.takeBackGaps(&item{stream: st, content: source.Item{ID: tt.id, Created: at(tt.second).Add(time.Millisecond)}})
		var left []string
		for _, g := range b.gaps {
			left = append(left, fmt.Sprintf("%d-%d", g.Span.From.Unix()-at(0).Unix(), g.Span.To.Unix()-at(0).Unix()))
		}
		if got := strings.Join(left, " "); got != tt.want {
			t.Errorf("%.40s, an item of %d: %q is left, want %q", tt.reason, tt.second, got, tt.want)
		}
	}
}

// Only what is neither completed nor known as lost is reported, if it is long enough.
func TestWhatOfASpanIsReported(t *testing.T) {
	s, st, _, now := steadyState(t)
	b := newLedgerModel()
	s.ledger = b
	at := func(minute int) time.Time { return wholeSecond(now).Add(time.Duration(minute) * time.Minute) }
	b.Complete(st.id, source.Span{From: at(10), To: at(20)})
	for _, step := range []struct{ from, to, tolerance, gaps int }{
		{10, 20, 0, 0}, {20, 20, 0, 0}, {20, 10, 0, 0}, {5, 25, 5, 0}, {5, 25, 4, 2}, {5, 25, 4, 2}, {0, 25, 4, 3}, {0, 60, 4, 4}, {0, 60, 0, 4},
	} {
		s.reportGaps(st, source.Span{From: at(step.from), To: at(step.to)}, time.Duration(step.tolerance)*time.Minute, "lost", now)
		if len(b.gaps) != step.gaps {
			t.Errorf("%+v: %v", step, b.gaps)
		}
	}
}

// What was too old when the collector began is in no gap of what it could not list.
func TestUnlistedBeforeTheStart(t *testing.T) {
	s, st, _, now := steadyState(t)
	s.ledger = newLedgerModel()
	begin, end := st.noGapBefore, st.earliestStart(now.Add(time.Hour))
	for _, from := range []time.Time{begin.Add(-48 * time.Hour), begin} {
		s.reportExpired(st, source.Span{From: from, To: end}, now.Add(time.Hour))
	}
	if gaps := gapSpans(s.ledger.Gaps(st.id)); len(gaps) != 1 || gaps[0] != (source.Span{From: begin, To: end}) {
		t.Errorf("gaps %v", gaps)
	}
}

// What cannot be listed any more begins where it was first noted, however often that
// happens before it is reported.
func TestUnlistedGrows(t *testing.T) {
	s, st, _, now := steadyState(t)
	b := newLedgerModel()
	s.ledger = b
	begin := st.noGapBefore
	at := func(hour int) time.Time { return begin.Add(time.Duration(hour) * time.Hour) }
	for _, step := range []struct{ listedTo, earliest int }{{10, 20}, {20, 20}, {30, 40}} {
		st.listedTo = at(step.listedTo)
		st.noteUnlisted(at(step.earliest))
	}
	s.reportUnlisted(st, now)
	if gaps := gapSpans(b.gaps); len(gaps) != 1 || gaps[0] != (source.Span{From: at(10), To: at(40)}) {
		t.Errorf("gaps %v", gaps)
	}
	s.reportUnlisted(st, now)
	if len(b.gaps) != 1 || !st.unlisted.To.IsZero() {
		t.Errorf("reported again: %v", b.gaps)
	}
}
