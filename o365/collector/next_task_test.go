package collector

import (
	"math/rand/v2"
	"testing"
	"time"

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
