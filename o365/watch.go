package o365

import (
	"context"
	"fmt"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// watch tells what nobody meets by itself but who looks at the clock: that
// Fluent Bit takes nothing, the summary of an hour, the account of a day.
type watch struct {
	in     *Input
	ledger *ledger.Ledger

	told      string    // what is said about the output
	hour      time.Time // when the next summary is due
	day       time.Time // the next midnight, UTC
	closed    bool      // the counts are those of that midnight
	hourly    map[source.Stream]health.Counts
	throttled map[string]int64 // requests, by tenant, at the last summary
	daily     map[source.Stream]health.Counts
	today     map[source.Stream]health.Counts // at midnight
	since     time.Time                       // of daily
}

const (
	looks = 10 * time.Second
	// stuck is how long nothing must be taken to be worth a word: outputs
	// rest, and Fluent Bit pauses inputs.
	stuck = 3 * time.Minute
	// afterMidnight is when a day is told of. By then its last content has
	// been listed, as far as it is listed in time.
	afterMidnight = 10 * time.Minute
	oneDay        = 24 * time.Hour
)

func newWatch(in *Input, l *ledger.Ledger, now time.Time) *watch {
	w := &watch{
		in: in, ledger: l, throttled: make(map[string]int64),
		hour: now.Add(time.Hour), day: now.UTC().Truncate(oneDay).Add(oneDay), since: now,
	}
	w.hourly, w.daily = counts(in.metrics), counts(in.metrics)
	return w
}

func (w *watch) run(ctx context.Context) {
	tick := time.NewTicker(looks)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.look(time.Now())
		}
	}
}

func (w *watch) look(now time.Time) {
	w.output(now)
	if !now.Before(w.hour) {
		w.summary(now)
		w.hour = now.Add(time.Hour)
	}
	if !now.Before(w.day) && !w.closed {
		w.today, w.closed = counts(w.in.metrics), true
	}
	if !now.Before(w.day.Add(afterMidnight)) {
		w.account(now)
		w.daily, w.since = w.today, w.day
		w.day, w.closed = w.day.Add(oneDay), false
	}
}

// output says when Fluent Bit has taken nothing for a while.
func (w *watch) output(now time.Time) {
	waiting := w.in.outbox.Events()
	if waiting == 0 || w.in.committer.backlog() > maxUncommitted {
		w.in.moved(now)
	}
	why := hold{Cause: health.Cause{What: "Fluent Bit takes no records", Do: "look for errors of its outputs in its log"}}
	if held := w.in.held.Load(); held != nil {
		why = *held
	}
	last := time.Unix(0, w.in.taken.Load())
	if now.Sub(last) < stuck && !why.atOnce {
		w.told = ""
		w.in.board.Clear(source.Stream{}, health.Output)
		return
	}
	if why.What == w.told {
		return // it is one trouble, however often it is looked at
	}
	w.told = why.What
	why.Detail = fmt.Sprintf("%d bytes wait, the last were taken at %s", waiting, last.UTC().Format(time.RFC3339))
	why.Do += "; nothing is lost as long as Microsoft keeps it, 7 days"
	w.in.board.Set(source.Stream{}, health.Output, health.Degraded, why.Cause)
}

// summary says what the last hour was like, one line for each tenant.
func (w *watch) summary(now time.Time) {
	is := counts(w.in.metrics)
	for _, tenant := range w.in.metrics.Tenants() {
		h := health.Hour{Tenant: tenant, Problems: w.in.board.Problems(tenant)}
		throttled := w.in.metrics.Tenant(tenant).Throttled.Load()
		h.Throttled, w.throttled[tenant] = throttled-w.throttled[tenant], throttled
		for _, s := range w.in.metrics.Tenant(tenant).Streams() {
			h.Counts = h.Plus(is[s.Stream()].Minus(w.hourly[s.Stream()]))
			h.Pending += s.Pending.Load()
			h.Waiting += s.Queue.Load()
			h.Lags = append(h.Lags, health.Lag{ContentType: s.Stream().ContentType, Lag: s.Lag(w.in.metrics.Tenant(tenant).Clock.Now())})
		}
		w.in.log.Infof("%s", h.Line(now))
	}
	w.hourly = is
}

// account emits what became of the day that ended at the last midnight.
func (w *watch) account(now time.Time) {
	from, to := w.day.Add(-oneDay), w.day
	for _, status := range w.in.board.Snapshot() {
		id := status.Stream
		var lost []source.Span
		for _, g := range w.ledger.Gaps(id) {
			lost = append(lost, g.Span)
		}
		c := w.today[status.Stream].Minus(w.daily[status.Stream])
		s := w.in.metrics.Stream(id.Tenant, id.ContentType)
		w.in.report(health.Event{
			Time: now, Kind: health.Completeness, Tenant: id.Tenant, ContentType: id.ContentType,
			From: from, To: to, State: status.State,
			Day: health.Day{
				Listed: clip(w.ledger.Completed(id), from, to), Lost: clip(lost, from, to),
				Counted: w.since, Blobs: c.Blobs, Records: c.Records, Duplicates: c.Duplicates,
				Lag: s.Lag(w.in.metrics.Tenant(id.Tenant).Clock.Now()), Newest: s.Newest.Load(),
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

func counts(m *health.Metrics) map[source.Stream]health.Counts {
	all := make(map[source.Stream]health.Counts)
	for _, s := range m.Streams() {
		all[s.Stream()] = s.Counts()
	}
	return all
}
