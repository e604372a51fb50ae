package collector

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// monitorModel records how often each condition was set, and which hold.
type monitorModel struct {
	mu       sync.Mutex
	setCount map[string]int
	holds    map[string]condition
	notes    []string
}

type condition struct {
	severity health.State
	what     string
}

func newMonitorModel() *monitorModel {
	return &monitorModel{setCount: map[string]int{}, holds: map[string]condition{}}
}

func key(s source.Stream, c health.Condition) string {
	return strings.TrimSpace(fmt.Sprint(strings.TrimPrefix(s.ContentType, "Audit."), " ", c))
}

func (r *monitorModel) Set(s source.Stream, c health.Condition, severity health.State, cause health.Cause) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.setCount[key(s, c)]++
	r.holds[key(s, c)] = condition{severity, cause.What}
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

// logLines collects what is logged.
type logLines struct {
	mu    sync.Mutex
	lines []string
}

func (l *logLines) log(level logging.Level, line string) {
	if level <= logging.Info {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lines = append(l.lines, fmt.Sprintf("%d %s", level, line))
	}
}

func (l *logLines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

func (l *logLines) with(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.lines {
		if strings.Contains(line, part) {
			n++
		}
	}
	return n
}
