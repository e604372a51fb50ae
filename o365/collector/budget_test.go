package collector

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

var budgetStart = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

// takeAll makes the requests of a backfill until one has to wait, and counts them.
func takeAll(b *Budget, now time.Time) int {
	for n := 0; ; n++ {
		if _, ok := b.Take(now, false); !ok {
			return n
		}
	}
}

func TestBudgetKeepsItsRate(t *testing.T) {
	b := NewBudget(600)
	taken := 0
	for now := budgetStart; now.Sub(budgetStart) < 10*time.Minute; {
		wait, ok := b.Take(now, false)
		if ok {
			taken++
		}
		now = now.Add(wait)
	}
	if taken < 5990 || taken > 6020 {
		t.Errorf("%d requests in 10 minutes, want 600 in each and a burst", taken)
	}
}

// The start takes seconds, in which requests wait, and the first refusal ends it.
func TestBudgetStarts(t *testing.T) {
	run := func(b *Budget, from time.Time, d time.Duration) (taken int) {
		for now := from; now.Sub(from) < d; {
			wait, ok := b.Take(now, false)
			if ok {
				taken++
				b.Accepted(now)
			}
			now = now.Add(wait)
		}
		return taken
	}
	b := NewBudget(60000)
	takeAll(b, budgetStart) // and then nobody waits for an hour
	b.Take(budgetStart.Add(time.Hour), false)
	if got := b.PerMinute(); got < 2000 || got > 2500 {
		t.Errorf("%v a minute after an hour in which nothing was asked for", got)
	}

	b = NewBudget(60000)
	if run(b, budgetStart, 20*time.Second); b.PerMinute() != 60000 {
		t.Errorf("%v a minute after 20 s, want the ceiling", b.PerMinute())
	}

	b = NewBudget(60000)
	taken := run(b, budgetStart, 15*time.Second)
	now := budgetStart.Add(15 * time.Second)
	b.Refused(now, now, 0)
	for range 10 { // until the minute is over
		now = now.Add(4 * time.Second)
		b.Refused(now, now, 0)
	}
	if got, want := b.PerMinute(), float64(taken)*(1-startStepBackShare); math.Abs(got-want) > 1 {
		t.Errorf("%v a minute after %d were accepted in the first, want %v", got, taken, want)
	}
	now = now.Add(2 * time.Second)
	if run(b, now, 10*time.Second); b.PerMinute() > float64(taken) {
		t.Errorf("%v a minute 10 s later", b.PerMinute())
	}
	again := now.Add(time.Minute)
	before := b.PerMinute()
	b.Refused(again, again, 0)
	if got, want := b.PerMinute(), before*(1-stepBackShare); math.Abs(got-want) > 1 {
		t.Errorf("%v a minute after a single refusal later, want %v", got, want)
	}
}

// Urgent requests go ahead although a backfill has taken everything, up to the
// credit, which the backfill has to pay back first.
func TestUrgentRequestsOnCredit(t *testing.T) {
	b := NewBudget(60)
	takeAll(b, budgetStart)
	now, taken := budgetStart, 0
	for now.Sub(budgetStart) < 2*time.Second {
		wait, ok := b.Take(now, true)
		if ok {
			taken++
		}
		now = now.Add(wait)
	}
	if taken < creditRequests || taken > creditRequests+3 {
		t.Errorf("%d urgent requests in 2 s, want the credit of %d", taken, creditRequests)
	}
	if wait, ok := b.Take(now, false); ok || wait < (creditRequests-2)*time.Second {
		t.Errorf("the backfill goes on after %s, want as long as the credit took", wait)
	}
}

// A refusal counts once, however many requests were under way.
func TestRequestsUnderWayCountOnce(t *testing.T) {
	b := NewBudget(2000)
	b.Refused(budgetStart, budgetStart.Add(time.Second), 0)
	once := b.PerMinute()
	if want := 2000 * (1 - stepBackShare); math.Abs(once-want) > 1e-6 {
		t.Errorf("%v a minute after a refusal, want %v", once, want)
	}
	for range 20 {
		b.Refused(budgetStart.Add(time.Second), budgetStart.Add(2*time.Second), 0)
	}
	if got := b.PerMinute(); got != once {
		t.Errorf("%v a minute after the answers to requests under way, want %v", got, once)
	}
}

// How long a row of refusals lasts shows by how much the quota was exceeded,
// and an accepted request ends it.
func TestRowOfRefusals(t *testing.T) {
	for _, test := range []struct {
		accepted bool
		want     float64
	}{
		{false, 2000 * (1 - stepBackShare - 20.0/60)},
		{true, 2000 * (1 - stepBackShare) * (1 - stepBackShare)},
	} {
		b := NewBudget(2000)
		b.Refused(budgetStart, budgetStart, 0)
		again := budgetStart.Add(20 * time.Second)
		b.Accepted(budgetStart.Add(-time.Second)) // made before: proves nothing
		if test.accepted {
			b.Accepted(again)
		}
		b.Refused(again, again, 0)
		if got := b.PerMinute(); math.Abs(got-test.want) > 1e-6 {
			t.Errorf("%v a minute after refusals for 20 s, accepted between: %t; want %v", got, test.accepted, test.want)
		}
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	b := NewBudget(2000)
	b.Refused(budgetStart, budgetStart, 40*time.Second)
	b.Refused(budgetStart, budgetStart.Add(time.Second), 50*time.Second) // was under way
	b.Refused(budgetStart, budgetStart.Add(time.Second), 10*time.Second)
	for _, urgent := range []bool{true, false} {
		if wait, ok := b.Take(budgetStart.Add(time.Second), urgent); ok || wait != 50*time.Second {
			t.Errorf("urgent %t: granted %t, after %s; want none before 50 s", urgent, ok, wait)
		}
	}
	if n := takeAll(b, budgetStart.Add(51*time.Second)); n != 1 {
		t.Errorf("%d requests at once after the pause, want one to try", n)
	}
}

// A service may ask for any wait: it is obeyed for 15 minutes at most, and a
// single request tries every minute.
func TestServiceWaitIsCapped(t *testing.T) {
	b := NewBudget(2000)
	b.Refused(budgetStart, budgetStart, year)
	var tried []time.Duration
	for now := budgetStart; now.Sub(budgetStart) < 20*time.Minute; {
		wait, ok := b.Take(now, true)
		if wait <= 0 && !ok {
			t.Fatalf("no wait at %v", now.Sub(budgetStart))
		}
		if ok {
			tried = append(tried, now.Sub(budgetStart))
			if now.Sub(budgetStart) >= longestServiceWait {
				break
			}
		}
		now = now.Add(wait)
	}
	if len(tried) != 15 || tried[0] != probeInterval || tried[13] != 14*time.Minute || tried[14] != longestServiceWait {
		t.Errorf("tried after %v", tried)
	}
	if n := takeAll(b, budgetStart.Add(longestServiceWait+10*time.Second)); n < 10 {
		t.Errorf("%d requests 10 s after the cap", n)
	}
}

// The lowest rate that an input of the tenant asked for holds from then on.
func TestLowestLimitHolds(t *testing.T) {
	for _, limits := range [][]int{{60, 2000}, {2000, 60, 600}, {600, 60}} {
		b := NewBudget(limits[0])
		for _, limit := range limits {
			b.Limit(limit)
		}
		taken := 0
		for now := budgetStart; now.Sub(budgetStart) < 3*time.Hour; {
			wait, ok := b.Take(now, false)
			if ok {
				taken++
			}
			now = now.Add(wait)
		}
		if most := 3*60*60 + 34; taken > most || taken < 3*60*60 || b.PerMinute() > 60 {
			t.Errorf("limits %v: %d requests in 3 hours, %v a minute", limits, taken, b.PerMinute())
		}
	}
}

func TestProbeEndsWait(t *testing.T) {
	b := NewBudget(2000)
	b.Refused(budgetStart, budgetStart, time.Hour)
	b.Accepted(budgetStart) // was under way
	probe := budgetStart.Add(probeInterval)
	if _, ok := b.Take(probe, false); !ok {
		t.Fatal("no probe after a minute")
	}
	if _, ok := b.Take(probe, false); ok {
		t.Fatal("two probes at once")
	}
	b.Refused(probe, probe.Add(time.Second), year)
	if wait, ok := b.Take(probe.Add(2*time.Second), true); ok || wait > probeInterval {
		t.Errorf("after a probe that was refused: %v, %v", wait, ok)
	}
	again := probe.Add(probeInterval)
	if _, ok := b.Take(again, false); !ok {
		t.Fatal("no further probe")
	}
	b.Accepted(again)
	if n := takeAll(b, again.Add(10*time.Second)); n < 20 {
		t.Errorf("%d requests 10 s after a probe that was accepted", n)
	}
}

// Short waits are obeyed to the end, also when there was another just before.
func TestNoProbeInShortWaits(t *testing.T) {
	b := NewBudget(2000)
	for now := budgetStart; now.Sub(budgetStart) < 10*time.Minute; now = now.Add(58 * time.Second) {
		b.Refused(now, now, 50*time.Second)
		if wait, ok := b.Take(now.Add(5*time.Second), true); ok || wait != 45*time.Second {
			t.Fatalf("at %v: %v, %v", now.Sub(budgetStart), wait, ok)
		}
	}
}

// A service that refuses everything for an hour is asked once a minute, and
// when it recovers, so does the rate.
func TestBudgetAfterOutage(t *testing.T) {
	b := NewBudget(2000)
	news, refused, taken := 0, 0, 0
	for now := budgetStart; now.Sub(budgetStart) < 100*time.Minute; {
		wait, ok := b.Take(now, false)
		switch {
		case !ok:
			now = now.Add(wait)
		case now.Sub(budgetStart) < time.Hour:
			refused++
			if b.Refused(now, now.Add(time.Millisecond), 0) {
				news++
			}
		default:
			b.Accepted(now)
			if now.Sub(budgetStart) > 90*time.Minute {
				taken++
			}
		}
	}
	t.Logf("%d refused, %d lines, then %d a minute", refused, news, taken/10)
	if refused > 150 || news == 0 || news > 4 || taken < 15000 {
		t.Errorf("%d refused in an hour, reported %d times, %d taken in the last ten minutes", refused, news, taken)
	}
}

// Refusals without a quota behind them slow the budget down, but do not stop
// it.
func TestBudgetWithSingleRefusals(t *testing.T) {
	b, n, taken := NewBudget(2000), 0, 0
	for now := budgetStart; now.Sub(budgetStart) < 10*time.Hour; {
		wait, ok := b.Take(now, false)
		if !ok {
			now = now.Add(wait)
			continue
		}
		if n++; n%50 == 0 {
			b.Refused(now, now.Add(time.Millisecond), 0)
		} else {
			b.Accepted(now)
			taken++
		}
	}
	if rate := taken / 600; rate < 40 {
		t.Errorf("%d requests a minute", rate)
	}
}

// Two collectors of one process get equal shares of a budget.
func TestCollectorsShareABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := NewBudget(120)
		var services []*service
		for range 2 {
			s, b := newService(t), newLedgerModel()
			s.pageSize = 100
			for n := range 2000 {
				s.add(activity.Exchange, time.Now().Add(-retention+2*time.Hour+time.Duration(n)*time.Minute), 0)
			}
			services = append(services, s)
			defer collectUnder(s, b, new(logLines), budget, nil)()
		}
		time.Sleep(10 * time.Minute)
		first, second := services[0].requestCount(source.OpDownload), services[1].requestCount(source.OpDownload)
		if first+second < 1000 || first < 3*second/4 || second < 3*first/4 {
			t.Errorf("of 1200 requests one collector had %d, the other %d", first, second)
		}
	})
}

// Without a Retry-After, the pause after a refusal grows with the row of refusals.
func TestPauseWithoutRetryAfter(t *testing.T) {
	for _, test := range []struct{ lasted, want time.Duration }{
		{0, shortestRefusalPause},
		{4 * shortestRefusalPause, shortestRefusalPause},
		{20 * time.Second, 5 * time.Second},
		{4 * longestRefusalPause, longestRefusalPause},
		{time.Hour, longestRefusalPause},
	} {
		b := NewBudget(2000)
		b.Refused(budgetStart, budgetStart, 0)
		again := budgetStart.Add(test.lasted)
		if test.lasted > 0 {
			b.Refused(again, again, 0)
		}
		if wait, ok := b.Take(again, true); ok || wait != test.want {
			t.Errorf("after refusals for %v: %v, %t; want a pause of %v", test.lasted, wait, ok, test.want)
		}
	}
}

// Every fall to half of the ceiling is reported, also after the rate has recovered from
// an earlier one.
func TestFallsAreReportedAgain(t *testing.T) {
	b, now := NewBudget(60), budgetStart
	for fall := range 3 {
		for b.PerMinute() > 30 {
			now = now.Add(20 * time.Second)
			if reported := b.Refused(now, now, 0); reported != (b.PerMinute() <= 30) {
				t.Errorf("fall %d: %v a minute, reported: %t", fall+1, b.PerMinute(), reported)
			}
		}
		now = now.Add(time.Minute)
		b.Accepted(now)
		for end := now.Add(24 * time.Hour); b.PerMinute() < 60; {
			wait, _ := b.Take(now, false)
			if now = now.Add(wait); now.After(end) {
				t.Fatalf("%v a minute after a day", b.PerMinute())
			}
		}
	}
}
