// Package health decides what people learn of how collecting goes. Its Monitor
// keeps the state of every stream, with the causes and what to do about each, and
// reports it as log lines and as health records; alert mail reads it too. It also
// words the hourly summary.
package health

import (
	"slices"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Monitor keeps the conditions of every stream and derives its state from them. It
// logs each cause once, in one line for all streams that have it, and emits an
// event for each change of a stream's state. It is safe for concurrent use; Run
// writes the log.
//
// The first line about a tenant is a summary: which content types are collected,
// which are not, and what to do about it. Nothing else is logged about the tenant
// until each of its streams is collected or has a problem, or summaryTimeout has
// passed.
//
// Conditions are set and cleared for a stream. A source.Stream without ContentType
// stands for all streams of its Tenant, and one without Tenant for all streams.
type Monitor struct {
	log     logging.Logger
	replays bool
	secrets *sanitize.Redactor
	emit    func(Event)

	mu      sync.Mutex
	all     []source.Stream
	streams []*stream
	tenants []*tenant
	notes   []note
	wake    chan struct{} // has an element if Run has to check what is due
}

// How long log lines are delayed.
const (
	// summaryTimeout is how long a tenant's summary waits for streams that are
	// neither collected nor have a problem.
	summaryTimeout = 10 * time.Second
	// groupWait is how long a line waits for other streams with the same cause.
	groupWait = 2 * time.Second
	// repeatInterval is how long a cause that comes and goes is not logged again
	// for the same stream.
	repeatInterval = 10 * time.Minute
)

// stream is what is known of one stream.
type stream struct {
	source.Stream
	listed     bool
	state      State
	since      time.Time
	problems   map[Condition]*problem
	lastLogged map[problemKey]time.Time
}

// problem is a Problem of one stream, and what has been logged of it. An ended one
// is kept until its end is logged.
type problem struct {
	Problem
	ended  bool
	logged bool
	due    time.Time // when its begin or end is to be logged; zero: never
}

// tenant is the summary of one tenant.
type tenant struct {
	name       string
	summarized bool
	due        time.Time // of the summary; until the streams are known the latest time for it
}

// note is a line that is logged once.
type note struct {
	tenant  string
	text    string
	streams []source.Stream
	due     time.Time
}

// NewMonitor returns a Monitor by which every stream is Starting. Causes and notes
// are cleaned: one line each, without the secrets that r knows. emit, if not nil,
// gets an event for every change of state; it must not block and not call the
// Monitor.
func NewMonitor(streams []source.Stream, r *sanitize.Redactor, log logging.Logger, emit func(Event)) *Monitor {
	now := time.Now()
	m := &Monitor{log: log, secrets: r, emit: emit, all: slices.Clone(streams), wake: make(chan struct{}, 1)}
	for _, s := range streams {
		m.streams = append(m.streams, &stream{
			Stream: s, state: Starting, since: now, problems: make(map[Condition]*problem), lastLogged: make(map[problemKey]time.Time),
		})
	}
	for _, name := range tenantsOf(streams) {
		m.tenants = append(m.tenants, &tenant{name: name, due: now.Add(summaryTimeout)})
	}
	return m
}

// Replays lets log lines be about a replay. It must be called before anything else.
func (m *Monitor) Replays() { m.replays = true }

// Set reports that a condition holds, with the state that it causes: Degraded or
// Failing. It may be called each time that the condition is met: a cause that is
// known already is only counted.
func (m *Monitor) Set(of source.Stream, c Condition, severity State, cause Cause) {
	now := time.Now()
	cause = m.clean(cause)
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := range m.matching(of) {
		if s.set(c, severity, cause, now) {
			m.changed(s, now)
		}
	}
}

// clean makes a cause fit for log, records and mail.
func (m *Monitor) clean(c Cause) Cause {
	c.What = m.secrets.Text(c.What, sanitize.MaxDetail)
	c.Do = m.secrets.Text(c.Do, sanitize.MaxRemedy)
	c.Detail = m.secrets.Text(c.Detail, sanitize.MaxDetail)
	return c
}

// set reports whether anything but the count and the detail has changed.
func (s *stream) set(c Condition, severity State, cause Cause, now time.Time) bool {
	fresh := Problem{Condition: c, State: severity, Cause: cause, Since: now, Times: 1, Streams: []source.Stream{s.Stream}}
	p := s.problems[c]
	if p == nil || p.key() != fresh.key() {
		due := now.Add(groupWait)
		if last, ok := s.lastLogged[fresh.key()]; ok && last.Add(repeatInterval).After(due) {
			due = last.Add(repeatInterval)
		}
		s.problems[c] = &problem{Problem: fresh, due: due}
		return true
	}
	changed := p.State != severity || p.ended
	if p.ended { // and the end is not logged yet: the problem goes on
		p.ended, p.due = false, time.Time{}
	}
	p.Times++
	p.State, p.Detail = severity, cause.Detail
	return changed
}

// Clear reports that conditions do not hold, or have ended.
func (m *Monitor) Clear(of source.Stream, cs ...Condition) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := range m.matching(of) {
		if s.clear(cs, now) {
			m.changed(s, now)
		}
	}
}

func (s *stream) clear(cs []Condition, now time.Time) (changed bool) {
	for _, c := range cs {
		p := s.problems[c]
		if p == nil || p.ended {
			continue
		}
		changed = true
		if p.ended, p.due = true, now.Add(groupWait); !p.logged {
			delete(s.problems, c)
		}
	}
	return changed
}

// Listed reports that the service has listed a stream's content: the stream is
// collected.
func (m *Monitor) Listed(of source.Stream) {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := range m.matching(of) {
		if !s.listed {
			s.listed = true
			m.changed(s, now)
		}
	}
}

// Note logs, at level info, a sentence that nobody has to act on. The same sentence
// about several streams of a tenant becomes one line.
func (m *Monitor) Note(of source.Stream, text string) {
	due := time.Now().Add(groupWait)
	text = m.secrets.Text(text, sanitize.MaxDetail)
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.wakeRun()
	for s := range m.matching(of) {
		i := slices.IndexFunc(m.notes, func(n note) bool { return n.tenant == s.Tenant && n.text == text })
		if i < 0 {
			m.notes = append(m.notes, note{tenant: s.Tenant, text: text, due: due})
			i = len(m.notes) - 1
		}
		m.notes[i].streams = append(m.notes[i].streams, s.Stream)
	}
}

// Snapshot returns the status of every stream, in the order of the options.
func (m *Monitor) Snapshot() []Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]Status, len(m.streams))
	for i, s := range m.streams {
		all[i] = Status{Stream: s.Stream, State: s.state, Since: s.since, Causes: causes(s.current())}
	}
	return all
}

// Problems returns the present problems of a tenant's streams, worst first, one
// for each condition and cause.
func (m *Monitor) Problems(tenant string) []Problem {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.problems(tenant)
}

func (m *Monitor) problems(tenant string) []Problem {
	var all []Problem
	for s := range m.matching(source.Stream{Tenant: tenant}) {
		all = append(all, s.current()...)
	}
	return merge(all)
}

// current are the problems that have not ended, worst first.
func (s *stream) current() []Problem {
	var current []Problem
	for _, p := range s.problems {
		if !p.ended {
			current = append(current, p.Problem)
		}
	}
	slices.SortFunc(current, worstFirst)
	return current
}

func causes(problems []Problem) []Cause {
	var causes []Cause
	for _, p := range problems {
		causes = append(causes, p.Cause)
	}
	return causes
}

// matching yields the streams that a source.Stream stands for.
func (m *Monitor) matching(of source.Stream) func(yield func(*stream) bool) {
	return func(yield func(*stream) bool) {
		for _, s := range m.streams {
			if (of.Tenant == "" || of.Tenant == s.Tenant) && (of.ContentType == "" || of.ContentType == s.ContentType) && !yield(s) {
				return
			}
		}
	}
}

// changed derives the state of a stream whose problems have changed, and emits an
// event if it is another one.
func (m *Monitor) changed(s *stream, now time.Time) {
	m.wakeRun()
	current := s.current()
	state := stateOf(s.listed, current)
	if state == s.state {
		return
	}
	event := Event{
		Time: now, Kind: Change, Tenant: s.Tenant, ContentType: s.ContentType,
		State: state, Previous: s.state, Since: now, Lasted: now.Sub(s.since), Causes: causes(current),
	}
	s.state, s.since = state, now
	if m.emit != nil {
		m.emit(event)
	}
}

func (m *Monitor) wakeRun() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}
