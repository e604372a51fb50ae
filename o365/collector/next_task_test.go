package collector

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// polledState is a state for two content types after their first poll, of a service
// that has nothing, and the time.
func polledState(t *testing.T, tenant string) (*state, time.Time) {
	t.Helper()
	b := newLedgerModel()
	s := newState(Config{
		Tenant: tenant, ContentTypes: contentTypes(activity.Exchange, activity.DLP),
		PollInterval: time.Minute, Concurrency: 8,
	}, new(activity.Client), b, b, newMonitorModel(), new(logLines).log, rand.Float64)
	now := time.Now()
	s.beginStreams(now)
	for range 10 {
		task, _ := s.next(now)
		if task == nil {
			return s, now
		}
		s.taskStarted(task)
		s.taskFinished(result{task: *task}, now)
	}
	t.Fatal("there is always something to do")
	return nil, now
}

// steadyState is a polledState whose pauses have no random part, one of its streams,
// and a listing of that stream's last hour.
func steadyState(t *testing.T) (s *state, st *stream, l *listing, now time.Time) {
	t.Helper()
	s, now = polledState(t, "tenant")
	s.random = func() float64 { return 0 }
	st = s.streams[0]
	to := wholeSecond(now)
	l = st.newListing(source.Span{From: to.Add(-time.Hour), To: to})
	st.backlogListings = []*listing{l}
	return s, st, l, now
}

func (s *state) holds() map[string]condition { return s.monitor.(*monitorModel).holds }

// Without work, next allocates nothing and names the time of the next poll.
func TestNextWithoutWork(t *testing.T) {
	s, now := polledState(t, "tenant")
	_, wake := s.next(now)
	due := s.streams[0].nextPoll
	if other := s.streams[1].nextPoll; other.Before(due) {
		due = other
	}
	if !wake.Equal(due) {
		t.Errorf("wakes after %v, the next poll is after %v", wake.Sub(now), due.Sub(now))
	}
	if n := testing.AllocsPerRun(100, func() {
		if task, _ := s.next(now); task != nil {
			t.Error("there is something to do")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// The loop wakes when the first pause ends.
func TestNextWakesAfterPauses(t *testing.T) {
	soon := 3 * time.Second
	for name, pause := range map[string]func(s *state, st *stream, l *listing, until time.Time){
		"of the tenant": func(s *state, _ *stream, _ *listing, until time.Time) { s.pausedUntil = until },
		"of a stream":   func(_ *state, st *stream, _ *listing, until time.Time) { st.pausedUntil = until },
		"of a listing":  func(_ *state, _ *stream, l *listing, until time.Time) { l.notBefore = until },
		"of a download": func(_ *state, st *stream, l *listing, until time.Time) {
			l.notBefore = until.Add(soon)
			st.retryAt(&item{stream: st}, until)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, st, l, now := steadyState(t)
			for _, st := range s.streams {
				st.nextPoll = now.Add(50 * time.Second)
			}
			pause(s, st, l, now.Add(soon))
			if task, wake := s.next(now); task != nil || !wake.Equal(now.Add(soon)) {
				t.Errorf("task %v, wakes after %v", task, wake.Sub(now))
			}
		})
	}
}

// Streams take turns at the first request.
func TestStreamsTakeTurns(t *testing.T) {
	s, now := polledState(t, "tenant")
	first := map[*stream]int{}
	for range 10 {
		for _, st := range s.streams {
			st.backlogListings = []*listing{st.newListing(source.Span{From: now.Add(-time.Hour), To: now})}
		}
		task, _ := s.next(now)
		s.taskStarted(task)
		first[task.stream]++
		s.taskFinished(result{task: *task}, now)
	}
	for _, st := range s.streams {
		if first[st] != 5 {
			t.Errorf("%s was first %d times of 10", st.id.ContentType, first[st])
		}
	}
}

// Which listing of the backlog comes first, where the first two wait for their retry or
// for their items.
func TestNextPageOfTheBacklog(t *testing.T) {
	for name, test := range map[string]struct {
		change func(st *stream, l *listing)
		want   string
	}{
		"none fails":          {func(*stream, *listing) {}, "first"},
		"the first waits":     {func(_ *stream, l *listing) { l.failures = 1 }, ""},
		"it keeps failing":    {func(_ *stream, l *listing) { l.failures = persistentFailures }, "second"},
		"it ended badly":      {func(_ *stream, l *listing) { l.failures, l.endedBadly = 1, true }, "second"},
		"its page is read":    {func(_ *stream, l *listing) { l.rereadPage, l.undelivered = true, 1 }, "second"},
		"its page was read":   {func(_ *stream, l *listing) { l.rereadPage = true }, "first"},
		"a request is made":   {func(st *stream, _ *listing) { st.requestBusy = true }, ""},
		"nearly enough items": {func(st *stream, _ *listing) { st.backlogItems = make(itemQueue, mostBacklogItems-1) }, "first"},
		"enough items":        {func(st *stream, _ *listing) { st.backlogItems = make(itemQueue, mostBacklogItems) }, ""},
		"enough items to retry": {func(st *stream, _ *listing) {
			st.backlogItems, st.retries = make(itemQueue, 1), make(retryQueue, mostBacklogItems-1)
		}, ""},
		"too many items": {func(st *stream, _ *listing) {
			for n := range defaultMostEntries {
				st.items[fmt.Sprint(n)] = nil
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, st, first, now := steadyState(t)
			second := st.newListing(source.Span{From: first.span.To, To: first.span.To.Add(time.Hour)})
			st.backlogListings = append(st.backlogListings, second)
			test.change(st, first)
			if first.failures > 0 {
				first.notBefore = now.Add(time.Minute)
			}
			wake, got := now.Add(time.Hour), ""
			if task := s.nextPage(st, now, &wake); task != nil {
				got = map[*listing]string{first: "first", second: "second"}[task.listing]
			}
			if got != test.want {
				t.Errorf("the %q listing, want %q", got, test.want)
			}
		})
	}
}
