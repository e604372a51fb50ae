package collector

import (
	"fmt"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// BenchmarkDispatch measures the loop's own work for one download of a backfill, from
// its choice to its acknowledgement, with full queues; goroutine and channel are left
// out.
func BenchmarkDispatch(b *testing.B) {
	types := contentTypes(activity.AzureActiveDirectory, activity.Exchange, activity.SharePoint, activity.General, activity.DLP)
	cfg := Config{Tenant: tenant, ContentTypes: types, PollInterval: time.Minute, Concurrency: 64, Lookback: retention}
	ledger := newLedgerModel()
	s := newState(cfg, new(activity.Client), ledger, ledger, newMonitorModel(), new(logLines).log, func() float64 { return 0 })
	now := time.Now()
	s.beginStreams(now)
	created, n := now.Add(-retention), 0
	add := func(st *stream, l *listing) {
		created, n = created.Add(time.Millisecond), n+1
		s.itemListed(st, l, source.Item{ContentType: st.id.ContentType, ID: fmt.Sprint(n), Created: created}, now)
	}
	listings := map[*stream]*listing{}
	for _, st := range s.streams {
		st.nextPoll = now.Add(1000000 * time.Hour)
		listings[st] = &listing{}
		for range mostBacklogItems {
			add(st, listings[st])
		}
	}
	budget := NewBudget(60000)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second) // for a token
		t, _ := s.next(now)
		if _, ok := budget.Take(now, t.urgent()); !ok {
			b.Fatal("no token")
		}
		s.taskStarted(t)
		s.taskFinished(result{task: *t}, now)
		s.itemDelivered(t.item)
		add(t.stream, listings[t.stream])
	}
}
