package collector

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// machine is what the collector runs on. Its monotonic clock goes with the bubble's
// time. Its wall clock may be wrong, and may be set. While it sleeps, both stand still;
// the wall clock is put right by as much afterwards.
type machine struct {
	begun     time.Time
	wallAhead atomic.Int64 // of the bubble's time
}

func (m *machine) now() time.Time {
	now := time.Now()
	return timeOf(now.Add(time.Duration(m.wallAhead.Load())), now.Sub(m.begun))
}

func (m *machine) moveWall(by time.Duration) { m.wallAhead.Add(int64(by)) }

// timeOf is what time.Now returns at these readings of the two clocks. Package time
// makes it for nobody else, and not in a bubble.
func timeOf(wall time.Time, monotonic time.Duration) (t time.Time) {
	const hasMonotonic, nanosecondBits = 1 << 63, 30 // between them seconds since 1885
	seconds := wall.Unix() - time.Date(1885, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	*(*struct {
		wall uint64
		ext  int64
		loc  *time.Location
	})(unsafe.Pointer(&t)) = struct {
		wall uint64
		ext  int64
		loc  *time.Location
	}{hasMonotonic | uint64(seconds)<<nanosecondBits | uint64(wall.Nanosecond()), int64(monotonic), time.UTC}
	return t
}

func TestTimeOf(t *testing.T) {
	wall := time.Date(2026, 11, 28, 12, 0, 0, 5, time.UTC)
	a, b := timeOf(wall, time.Hour), timeOf(wall.Add(-8*24*time.Hour), 2*time.Hour)
	if !a.Round(0).Equal(wall) || b.Sub(a) != time.Hour || b.Round(0).Sub(a.Round(0)) != -8*24*time.Hour {
		t.Errorf("%v and %v are %v apart", a, b, b.Sub(a))
	}
}

// Spans, lookback, completeness and gaps are by the service's clock, whatever this
// machine's shows and whatever happens to it.
func TestMachinesClock(t *testing.T) {
	const day = 24 * time.Hour
	for _, happening := range []struct {
		name  string
		slept time.Duration
		set   func(off time.Duration) time.Duration // how far off the clock is then
	}{
		{"nothing", 0, func(off time.Duration) time.Duration { return off }},
		{"set right", 0, func(time.Duration) time.Duration { return 0 }},
		{"steps back 15 minutes", 0, func(off time.Duration) time.Duration { return off - 15*time.Minute }},
		{"steps back 8 days", 0, func(off time.Duration) time.Duration { return off - 8*day }},
		{"steps ahead 26 hours", 0, func(off time.Duration) time.Duration { return off + 26*time.Hour }},
		{"sleeps an hour", time.Hour, func(off time.Duration) time.Duration { return off }},
		{"sleeps 6 days", 6 * day, func(off time.Duration) time.Duration { return off }},
		{"sleeps 7 days", 7 * day, func(off time.Duration) time.Duration { return off }},
		{"sleeps 10 days", 10 * day, func(off time.Duration) time.Duration { return off }},
		{"is paused 10 days, its clock too", 10 * day, func(off time.Duration) time.Duration { return off - 10*day }},
		{"sleeps 10 days and is set right", 10 * day, func(time.Duration) time.Duration { return 0 }},
	} {
		for _, off := range []time.Duration{0, 15 * time.Minute, 26 * time.Hour, 8 * day} {
			for _, off := range []time.Duration{off, -off} {
				t.Run(fmt.Sprint(happening.name, " ", off), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						runOnMachine(t, off, happening.set(off), happening.slept)
					})
				})
			}
		}
	}
}

// runOnMachine collects on a machine whose clock is off, and later off by something
// else, after it has slept.
func runOnMachine(t *testing.T, off, laterOff, slept time.Duration) {
	s, b, l, m := newService(t), newLedgerModel(), new(logLines), &machine{begun: time.Now()}
	s.subscribed[activity.Exchange] = true
	for age := time.Minute; age < retention-time.Hour; age += 2 * time.Hour {
		s.add(activity.Exchange, s.now().Add(-age), 0)
	}
	counted := metrics.New([]string{tenant}, []string{activity.Exchange}).Tenant(tenant)
	m.moveWall(off)
	col, stop := collectOn(m, s, b, l, counted)
	run := func(hours int) {
		for range hours * 6 {
			time.Sleep(10 * time.Minute)
			s.add(activity.Exchange, s.now().Add(-time.Millisecond), 0)
		}
	}
	run(4)
	asleep := s.now()
	for at := asleep.Add(time.Minute); at.Before(asleep.Add(slept)); at = at.Add(time.Hour) {
		s.add(activity.Exchange, at, 0)
	}
	s.mu.Lock()
	s.skew += slept
	s.mu.Unlock()
	m.moveWall(slept + laterOff - off)
	before := s.requestCount(source.OpList)
	run(4)
	// A poll a minute, one more of it by the other clock, and the sweeps.
	if n := s.requestCount(source.OpList) - before; n > 2*4*60+8*100 {
		t.Errorf("%d listings in 4 hours", n)
	}
	time.Sleep(3 * time.Minute)
	stop()

	expired := asleep.Add(slept - retention) // when it woke
	var lost []time.Time
	var missing []time.Duration // after the sleep's begin
	for _, item := range s.items {
		switch at := b.deliveredAt(item.ID); {
		case !at.IsZero():
		case item.Created.After(expired.Add(cutTolerance)):
			missing = append(missing, item.Created.Sub(asleep))
		default:
			lost = append(lost, item.Created)
		}
	}
	if n := len(missing); n > 0 {
		t.Errorf("%d items are missing, from %v to %v after the sleep's begin", n, slices.Min(missing), slices.Max(missing))
	}
	if len(b.deliveredTwice) > 0 {
		t.Errorf("%d items were delivered twice", len(b.deliveredTwice))
	}
	for _, g := range b.gaps {
		if g.Span.From.Before(asleep.Add(-2*time.Minute)) || g.Span.To.After(expired.Add(cutTolerance)) {
			t.Errorf("false gap: %v to %v of the sleep's begin: %s", g.Span.From.Sub(asleep), g.Span.To.Sub(asleep), g.Reason)
		}
		if d := g.Found.Sub(s.now()); d > 0 || d < -5*time.Hour {
			t.Errorf("the gap was found at %v, it is %v", g.Found, s.now())
		}
	}
	id := source.Stream{Tenant: tenant, ContentType: activity.Exchange}
	known := joinSpans(append(gapSpans(b.gaps), b.Completed(id)...), time.Second)
	unreported := slices.DeleteFunc(lost, func(created time.Time) bool {
		return created.After(expired.Add(-cutTolerance)) || len(source.Span{From: created, To: created.Add(time.Second)}.Without(gapSpans(b.gaps)...)) == 0
	})
	if len(unreported) > 0 {
		t.Errorf("%d lost items are in no gap, from %v after the sleep's begin; gaps: %v", len(unreported), unreported[0].Sub(asleep), b.gaps)
	}
	since := wholeSecond(s.now().Add(-retention))
	for _, hole := range (source.Span{From: since.Add(time.Minute), To: wholeSecond(s.now().Add(-90 * time.Second))}).Without(known...) {
		t.Errorf("neither complete nor a gap: %v to %v", hole.From.Sub(asleep), hole.To.Sub(asleep))
	}
	if n := len(known); n == 0 || known[n-1].To.After(s.now()) {
		t.Errorf("complete: %v, the service's time is %v", known, s.now())
	}
	if d := col.state.serviceTime(m.now()).Sub(s.now()); d.Abs() > sameClockTolerance {
		t.Errorf("the service's clock is taken to be %v off", d)
	}
	if listed := counted.Stream(activity.Exchange).Listed.Load(); s.now().Sub(listed) > 90*time.Second || listed.After(s.now()) {
		t.Errorf("listed to %v, the service's time is %v", listed, s.now())
	}
	if n := len(l.all()); n > 12 {
		t.Errorf("%d lines: %q", n, l.all())
	}
	gaps := len(b.gaps)
	_, stop = collectOn(m, s, b, l, counted)
	time.Sleep(time.Hour)
	stop()
	if len(b.gaps) != gaps {
		t.Errorf("a restart reports %v", b.gaps[gaps:])
	}
}

// However long the poll interval is, a machine that wakes lists at once: content expires
// while it waits.
func TestPollAfterSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, l, m := newService(t), newLedgerModel(), new(logLines), &machine{begun: time.Now()}
		s.subscribed[activity.Exchange] = true
		_, stop := collectOn(m, s, b, l, metrics.New([]string{tenant}, []string{activity.Exchange}).Tenant(tenant), func(c *Config) { c.PollInterval = 12 * time.Hour })
		time.Sleep(30 * time.Hour)
		const slept = 6 * 24 * time.Hour
		id := s.add(activity.Exchange, s.now().Add(time.Hour), 0)
		s.mu.Lock()
		s.skew += slept
		s.mu.Unlock()
		m.moveWall(slept)
		time.Sleep(3 * time.Minute)
		if b.deliveredAt(id).IsZero() {
			t.Error("an item of the sleep is not delivered three minutes after it")
		}
		before := s.requestCount(source.OpList)
		time.Sleep(11 * time.Hour)
		if n := s.requestCount(source.OpList) - before; n > 30 {
			t.Errorf("%d listings in the 11 hours after that", n)
		}
		stop()
	})
}

// An item whose download fails is lost when it has expired by the service's clock, not
// earlier and not later.
func TestItemExpiresByTheServicesClock(t *testing.T) {
	const day = 24 * time.Hour
	for _, off := range []time.Duration{0, 15 * time.Minute, -15 * time.Minute, 26 * time.Hour, -26 * time.Hour, 8 * day, -8 * day} {
		t.Run(off.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b, l, m := newService(t), newLedgerModel(), new(logLines), &machine{begun: time.Now()}
				m.moveWall(off)
				s.subscribed[activity.Exchange] = true
				expires := s.now().Add(2 * time.Hour)
				s.add(activity.Exchange, expires.Add(-retention), 0)
				s.fail(fault(source.OpDownload, &source.Error{Status: 500}))
				_, stop := collectOn(m, s, b, l, metrics.New([]string{tenant}, []string{activity.Exchange}).Tenant(tenant))
				time.Sleep(110 * time.Minute)
				if gaps := b.Gaps(source.Stream{Tenant: tenant, ContentType: activity.Exchange}); len(gaps) > 0 {
					t.Errorf("lost before it expired: %v", gaps)
				}
				time.Sleep(20 * time.Minute)
				stop()
				if len(b.gaps) != 1 {
					t.Errorf("gaps ten minutes after it expired: %v", b.gaps)
				}
			})
		})
	}
}

// collectOn is collect on a machine, with metrics.
func collectOn(m *machine, s *service, b *ledgerModel, l *logLines, counted *metrics.Tenant, change ...func(*Config)) (col *Collector, stop func()) {
	cfg := config(func(c *Config) { c.ContentTypes, c.Metrics = contentTypes(activity.Exchange), counted })
	for _, f := range change {
		f(&cfg)
	}
	monitor := health.NewMonitor([]source.Stream{{Tenant: tenant, ContentType: activity.Exchange}}, nil, l.log, nil)
	col = New(cfg, s, b, b, NewBudget(2000), monitor, l.log)
	col.now = m.now
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { monitor.Run(ctx) })
	running.Go(func() { col.Run(ctx) })
	return col, func() {
		cancel()
		running.Wait()
	}
}
