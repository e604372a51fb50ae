package collector

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// monitorModel notes what a monitor is told of each condition: how often it was set,
// and whether it holds.
type monitorModel struct {
	mu       sync.Mutex
	setCount map[string]int
	holds    map[string]bool
	notes    []string
}

func newMonitorModel() *monitorModel {
	return &monitorModel{setCount: map[string]int{}, holds: map[string]bool{}}
}

func key(s source.Stream, c health.Condition) string {
	return strings.TrimSpace(fmt.Sprint(strings.TrimPrefix(s.ContentType, "Audit."), " ", c))
}

func (r *monitorModel) Set(s source.Stream, c health.Condition, _ health.State, _ health.Cause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.setCount[key(s, c)]++
	r.holds[key(s, c)] = true
}

func (r *monitorModel) Clear(s source.Stream, cs ...health.Condition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range cs {
		for k := range r.holds {
			if k == key(s, c) || s.ContentType == "" && strings.HasSuffix(k, " "+string(c)) {
				delete(r.holds, k)
			}
		}
	}
}

func (r *monitorModel) Listed(source.Stream) {}

func (r *monitorModel) Note(_ source.Stream, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, text)
}

func (r *monitorModel) want(t *testing.T, holds ...string) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	var got []string
	for k := range r.holds {
		got = append(got, k)
	}
	slices.Sort(got)
	if !slices.Equal(got, holds) {
		t.Errorf("conditions %q, want %q", got, holds)
	}
}

// fault is what requests of an operation fail with; all of them if op is "".
func fault(op source.Op, err error) func(source.Op) error {
	return func(o source.Op) error {
		if op == "" || o == op {
			return err
		}
		return nil
	}
}

func TestConditions(t *testing.T) {
	throttle := &source.Error{Status: 403, Code: "AF429"}
	for _, tt := range []struct {
		name  string
		fault func(source.Op) error
		soon  []string // after 90 s; nil: not before
		later []string // after 10 minutes
	}{
		{"throttled", fault("", throttle), nil, []string{"throttled"}},
		{"login", fault("", &source.SignInError{Err: wrongSecret{}}), []string{"Exchange sign_in", "SharePoint sign_in"}, []string{"Exchange sign_in", "SharePoint sign_in"}},
		{"login service away", fault("", &source.SignInError{Err: errReset}), nil, []string{"Exchange sign_in", "SharePoint sign_in"}},
		{"network", fault("", errReset), nil, []string{"Exchange listing", "SharePoint listing"}},
		{"permission", fault(source.OpList, &source.Error{Status: 401}), nil, []string{"Exchange permission", "SharePoint permission"}},
		{"downloads", fault(source.OpDownload, errReset), nil, []string{"Exchange download"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, b, r := newService(t), newLedgerModel(), newMonitorModel()
				stop := collectWith(s, b, r, NewBudget(2000), new(logLines), nil)
				time.Sleep(10*time.Minute + time.Second)
				r.want(t)
				s.fail(tt.fault)
				s.add(activity.Exchange, time.Now(), 0)
				if tt.soon == nil {
					time.Sleep(2 * time.Second)
					r.want(t)
				} else {
					time.Sleep(90 * time.Second)
					r.want(t, tt.soon...)
				}
				time.Sleep(10 * time.Minute)
				r.want(t, tt.later...)
				s.fail(nil)
				time.Sleep(20 * time.Minute)
				r.want(t)
				stop()
				b.check(t, s)
			})
		})
	}
}

// A throttle that passes, and a skew of minutes, are no news.
func TestShortFailuresAreNoCondition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, b, r := newService(t), newLedgerModel(), newMonitorModel()
		s.skew = 4 * time.Minute
		stop := collectWith(s, b, r, NewBudget(2000), new(logLines), nil)
		time.Sleep(10 * time.Minute)
		for range 50 {
			s.fail(fault("", &source.Error{Status: 403, Code: "AF429"}))
			time.Sleep(20 * time.Second)
			s.fail(fault("", errReset))
			time.Sleep(2 * time.Second)
			s.fail(nil)
			time.Sleep(5 * time.Minute)
		}
		stop()
		if len(r.setCount) > 0 {
			t.Errorf("conditions were set: %v", r.setCount)
		}
	})
}
