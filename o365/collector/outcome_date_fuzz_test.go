package collector

import (
	"fmt"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// FuzzDates runs a collector on a service whose answers have any dates, and items of
// any time: the collector lists only what the API accepts, completes nothing beyond
// the time that it believes, and logs little.
func FuzzDates(f *testing.F) {
	addDateSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte, local int32) {
		now := fuzzStart.Add(time.Duration(local%mostLocalSkew) * time.Hour)
		b, said := newLedgerModel(), new(logLines)
		s := newState(Config{
			Tenant: "tenant", ContentTypes: contentTypes(activity.Exchange, activity.DLP),
			PollInterval: time.Minute, Concurrency: 8, Lookback: retention,
		}, new(activity.Client), b, b, newMonitorModel(), said.log, func() float64 { return 0.5 })
		s.beginStreams(now)
		begun := now
		for i, w := range fuzzedDates(data) {
			now = now.Add(w.after)
			for range 20 {
				task, _ := s.next(now)
				if task == nil {
					break
				}
				s.taskStarted(task)
				r := result{task: *task}
				if task.kind == listPage {
					l := task.listing
					if length := l.span.To.Sub(l.requestFrom); length <= 0 || length > 24*time.Hour {
						t.Fatalf("%d: listed is %v to %v", i, l.requestFrom, l.span.To)
					}
					r.page.Date = w.of(&s.serviceClock, now)
					if w.kind >= 128 {
						r.page.Items = []source.Item{{ID: fmt.Sprint(i), Created: r.page.Date, Expires: r.page.Date.Add(retention)}}
						r.page.Date = time.Time{}
					}
				}
				was := s.serviceTime(now)
				s.taskFinished(r, now)
				clock := s.serviceTime(now)
				if clock.Sub(was) >= -sameClockTolerance {
					continue
				}
				for _, st := range s.streams {
					claimed := st.listedTo
					for _, l := range st.backlogListings {
						if !l.unproven && l.span.To.After(claimed) {
							claimed = l.span.To
						}
					}
					for _, span := range b.Completed(source.Stream{Tenant: "tenant", ContentType: string(st.id.ContentType)}) {
						if span.To.After(claimed) {
							claimed = span.To
						}
					}
					if st.opened && (claimed.After(clock) || st.since.After(clock) || st.dateRechecks > mostDateRechecks) {
						t.Fatalf("%d: at %v something is claimed of %v, since %v", i, clock, claimed, st.since)
					}
				}
			}
		}
		if n, most := said.with("date"), 2+int(now.Sub(begun)/time.Hour); n > most {
			t.Errorf("%d lines in %v", n, now.Sub(begun))
		}
	})
}
