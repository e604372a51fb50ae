package o365

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// reporter runs the periodic checks: it reports an output that is stalled, logs the
// hourly summary and emits the daily completeness record.
type reporter struct {
	delivery *delivery.Delivery
	ledger   *ledger.Ledger
	monitor  *health.Monitor
	metrics  *metrics.Set
	log      logging.Logger
	replays  bool // there are no hours and days to report, and the replay logs its progress

	hold    atomic.Pointer[hold]
	idle    time.Time // when nothing waited last
	stalled string    // what is reported of the output

	hour      time.Time // when the next summary is due
	clock     time.Time // the service's, at the last check
	clockSeen bool      // it was known then
	daysFrom  time.Time // no day is reported before
	day       time.Time // the next midnight by it, UTC
	closed    bool      // the counts are those of that midnight
	hourly    map[source.Stream]metrics.Counts
	throttled map[string]int64 // requests, by tenant, at the last summary
	forgotten uint64           // Ids, at the last summary
	daily     map[source.Stream]metrics.Counts
	today     map[source.Stream]metrics.Counts // at midnight
	since     time.Time                        // of daily
}

// hold is why the receiver takes nothing.
type hold struct {
	health.Cause
	atOnce bool // it is reported at once
	at     time.Time
}

const (
	checkInterval = 10 * time.Second
	// stallThreshold is how long Fluent Bit may accept nothing before it is
	// reported. Shorter stalls are normal back-pressure.
	stallThreshold = 3 * time.Minute
	// completenessDelay is how long after midnight UTC the record for a day is
	// emitted, so that its last content has been listed.
	completenessDelay = 10 * time.Minute
	oneDay            = 24 * time.Hour
)

func newReporter(d *delivery.Delivery, l *ledger.Ledger, monitor *health.Monitor, metrics *metrics.Set, log logging.Logger, now time.Time) *reporter {
	r := &reporter{
		delivery: d, ledger: l, monitor: monitor, metrics: metrics, log: log, throttled: make(map[string]int64),
		idle: now, hour: now.Add(time.Hour), clock: now.Round(0), day: midnightAfter(now), since: now.Round(0),
	}
	r.hourly, r.daily = counts(metrics), counts(metrics)
	return r
}

func (r *reporter) run(ctx context.Context) {
	tick := time.NewTicker(checkInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.check(time.Now())
		}
	}
}

func (r *reporter) check(now time.Time) {
	r.output(now)
	if r.replays {
		return
	}
	if !now.Before(r.hour) {
		r.summary(now)
		r.hour = now.Add(time.Hour)
	}
	clock, known := r.metrics.ServiceTime()
	r.follow(clock, known, now)
	if now.Before(r.daysFrom) {
		return
	}
	if !clock.Before(r.day) && !r.closed {
		r.today, r.closed = counts(r.metrics), true
	}
	if !clock.Before(r.day.Add(completenessDelay)) {
		r.completeness(clock)
		r.daily, r.since = r.today, r.day
		r.day, r.closed = r.day.Add(oneDay), false
	}
}

// follow follows the service's clock. The first that is known of it, and its going back,
// correct the day. When it leaps ahead this machine slept, and the days that it missed
// are about to be collected.
func (r *reporter) follow(clock time.Time, known bool, now time.Time) {
	switch {
	case known && !r.clockSeen:
		r.since = r.since.Add(clock.Sub(now.Round(0)))
		r.day, r.closed = midnightAfter(clock), false
	case r.day.Sub(clock) > oneDay:
		r.day, r.closed = midnightAfter(clock), false
	case clock.Sub(r.clock) > completenessDelay:
		r.daysFrom = now.Add(completenessDelay)
	}
	r.clock, r.clockSeen = clock, r.clockSeen || known
}

// midnightAfter is the next midnight, UTC.
func midnightAfter(t time.Time) time.Time { return t.UTC().Truncate(oneDay).Add(oneDay) }

// changed follows up a stream's change of state.
func (r *reporter) changed(e health.Event) {
	up := int64(0)
	if e.State == health.OK || e.State == health.Degraded {
		up = 1
	}
	r.metrics.Stream(e.Tenant, e.ContentType).Up.Set(up)
	r.delivery.Report(e)
}

// held notes why the receiver takes nothing, until it does.
func (r *reporter) held(why health.Cause, atOnce bool, now time.Time) {
	r.hold.Store(&hold{why, atOnce, now})
}

// output reports that Fluent Bit has accepted nothing for a while.
func (r *reporter) output(now time.Time) {
	waiting := r.delivery.Waiting()
	if waiting == 0 {
		r.idle = now
	}
	last := r.delivery.LastAck()
	if r.idle.After(last) {
		last = r.idle
	}
	why := hold{Cause: health.Cause{What: "Fluent Bit takes no records", Do: "look for errors of its outputs in its log"}}
	if hold := r.hold.Load(); hold != nil && !hold.at.Before(last) {
		why = *hold
	}
	if now.Sub(last) < stallThreshold && !why.atOnce {
		r.stalled = ""
		r.monitor.Clear(source.Stream{}, health.Output)
		return
	}
	if why.What == r.stalled {
		return // it is one stall, however often it is checked
	}
	r.stalled = why.What
	why.Detail = fmt.Sprintf("%d bytes wait, the last were taken at %s", waiting, last.UTC().Format(time.RFC3339))
	if !r.replays {
		why.Do += "; nothing is lost as long as Microsoft keeps it, 7 days"
	}
	r.monitor.Set(source.Stream{}, health.Output, health.Degraded, why.Cause)
}

// summary says what the last hour was like, one line for each tenant.
func (r *reporter) summary(now time.Time) {
	is := counts(r.metrics)
	for _, tenant := range r.metrics.Tenants() {
		h := health.HourlySummary{Tenant: tenant, Problems: r.monitor.Problems(tenant)}
		throttled := r.metrics.Tenant(tenant).Throttled.Load()
		h.Throttled, r.throttled[tenant] = throttled-r.throttled[tenant], throttled
		for _, s := range r.metrics.Tenant(tenant).Streams() {
			h.Counts = h.Plus(is[s.ID()].Minus(r.hourly[s.ID()]))
			h.Pending += s.Pending.Load()
			h.Waiting += s.Queue.Load()
			h.Lags = append(h.Lags, health.Lag{ContentType: s.ID().ContentType, Lag: s.Lag(r.metrics.Tenant(tenant).Clock.Now())})
		}
		r.log.Infof("%s", h.Line(now))
	}
	r.hourly = is
	if n := r.ledger.Evicted(); n > r.forgotten {
		r.log.Warnf("in the last hour %d Ids were forgotten before dedup_window was over, because dedup_max was reached: "+
			"a record that Microsoft repeats after that is delivered again; raise dedup_max", n-r.forgotten)
		r.forgotten = n
	}
}

// completeness emits what became of the day that ended at the last midnight.
func (r *reporter) completeness(clock time.Time) {
	from, to := r.day.Add(-oneDay), r.day
	for _, status := range r.monitor.Snapshot() {
		id := status.Stream
		var lost []source.Span
		for _, g := range r.ledger.Gaps(id) {
			lost = append(lost, g.Span)
		}
		c := r.today[status.Stream].Minus(r.daily[status.Stream])
		s := r.metrics.Stream(id.Tenant, id.ContentType)
		r.delivery.Report(health.Event{
			Time: clock, Kind: health.Completeness, Tenant: id.Tenant, ContentType: id.ContentType,
			From: from, To: to, State: status.State,
			Day: health.Day{
				Listed: clip(r.ledger.Completed(id), from, to), Lost: clip(lost, from, to),
				Counted: r.since, Blobs: c.Blobs, Records: c.Records, Duplicates: c.Duplicates,
				Lag: s.Lag(r.metrics.Tenant(id.Tenant).Clock.Now()), Newest: s.Newest.Load(),
			},
		})
	}
}

// clip returns what of the spans lies within [from, to).
func clip(spans []source.Span, from, to time.Time) []source.Span {
	var clipped []source.Span
	for _, s := range spans {
		if s.From.Before(from) {
			s.From = from
		}
		if s.To.After(to) {
			s.To = to
		}
		if s.From.Before(s.To) {
			clipped = append(clipped, source.Span{From: s.From, To: s.To})
		}
	}
	return clipped
}

func counts(m *metrics.Set) map[source.Stream]metrics.Counts {
	all := make(map[source.Stream]metrics.Counts)
	for _, s := range m.Streams() {
		all[s.ID()] = s.Counts()
	}
	return all
}

// summary is what was done since the start, in one line.
func summary(m *metrics.Set) string {
	line := fmt.Sprintf("%d records of %d blobs delivered, %d duplicates dropped",
		m.Sum(func(s *metrics.Stream) *metrics.Counter { return &s.Records }),
		m.Sum(func(s *metrics.Stream) *metrics.Counter { return &s.Delivered }),
		m.Sum(func(s *metrics.Stream) *metrics.Counter { return &s.Duplicates }))
	if n := m.Sum(func(s *metrics.Stream) *metrics.Counter { return &s.Malformed }); n > 0 {
		line += fmt.Sprintf(", %d malformed", n)
	}
	if n := m.Sum(func(s *metrics.Stream) *metrics.Counter { return &s.Gaps }); n > 0 {
		line += fmt.Sprintf(", %d gaps", n)
	}
	return line
}
