// Package health decides what people learn of how collecting goes: the state of
// every stream, with its causes and their remedies, as log lines, as health
// records and as an hourly summary.
package health

import (
	"slices"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Board keeps what is known about how every stream is collected, decides what
// of it people are told, and tells it: to the log, once for each cause, with
// all streams that have it in one line; and as events, one for each change of
// a stream's state. It is safe for concurrent use; Run sets it going.
//
// The first that is said of a tenant is a summary: what works, what does not
// and what mends it. Until every stream has a verdict (or [introduction] has
// passed) nothing else is said about the tenant.
//
// Conditions are set and cleared for a stream. Without a ContentType a Stream
// stands for all of the tenant, and without a Tenant for all there are.
type Board struct {
	log     logging.Logger
	secrets *sanitize.Redactor
	emit    func(Event)
	started time.Time

	mu      sync.Mutex
	all     []source.Stream
	streams []*entry
	tenants []*tenant
	notes   []note
	wake    chan struct{}
}

// How long things are held back from the log.
const (
	// introduction is how long a tenant's summary waits for verdicts.
	introduction = 10 * time.Second
	// gathering is how long a line waits for other streams of its cause.
	gathering = 2 * time.Second
	// quiet is how long a cause that is met again and again is not said of
	// the same stream a second time.
	quiet = 10 * time.Minute
)

// entry is what is known of one stream.
type entry struct {
	source.Stream
	listed   bool
	state    State
	since    time.Time
	problems map[Condition]*problem
	spoken   map[topic]time.Time // when each was said last
}

// problem is a Problem of one stream and what became of telling it. It stays
// when it is over until that is said.
type problem struct {
	Problem
	over bool
	said bool
	due  time.Time // when to say that it is there, or over; zero: never
}

// tenant is what is not said yet of one.
type tenant struct {
	name       string
	introduced bool
	due        time.Time // of the summary; at the start the latest time for it
}

// note is good to know, once.
type note struct {
	tenant  string
	text    string
	streams []source.Stream
	due     time.Time
}

// NewBoard returns a board on which every stream is Starting. emit, if not
// nil, takes an event for every change of state; it must not block and not
// call the board. What causes and notes say is cleaned, and without the secrets
// that r knows.
func NewBoard(streams []source.Stream, r *sanitize.Redactor, log logging.Logger, emit func(Event)) *Board {
	now := time.Now()
	b := &Board{log: log, secrets: r, emit: emit, started: now, all: slices.Clone(streams), wake: make(chan struct{}, 1)}
	for _, s := range streams {
		b.streams = append(b.streams, &entry{
			Stream: s, state: Starting, since: now, problems: make(map[Condition]*problem), spoken: make(map[topic]time.Time),
		})
	}
	for _, name := range tenantsOf(streams) {
		b.tenants = append(b.tenants, &tenant{name: name, due: now.Add(introduction)})
	}
	return b
}

// Set says that a condition holds. It may be called each time that it is met:
// what was said already is counted.
func (b *Board) Set(of source.Stream, c Condition, severity State, cause Cause) {
	now := time.Now()
	cause = b.clean(cause)
	b.mu.Lock()
	defer b.mu.Unlock()
	for e := range b.of(of) {
		if e.set(c, severity, cause, now) {
			b.changed(e, now)
		}
	}
}

// clean makes a cause fit for log, records and mail.
func (b *Board) clean(c Cause) Cause {
	c.What = b.secrets.Text(c.What, sanitize.MaxDetail)
	c.Do = b.secrets.Text(c.Do, sanitize.MaxRemedy)
	c.Detail = b.secrets.Text(c.Detail, sanitize.MaxDetail)
	return c
}

// set reports whether anything but a count has changed.
func (e *entry) set(c Condition, severity State, cause Cause, now time.Time) bool {
	fresh := Problem{Condition: c, State: severity, Cause: cause, Since: now, Times: 1, Streams: []source.Stream{e.Stream}}
	p := e.problems[c]
	if p == nil || p.topic() != fresh.topic() {
		due := now.Add(gathering)
		if last, ok := e.spoken[fresh.topic()]; ok && last.Add(quiet).After(due) {
			due = last.Add(quiet)
		}
		e.problems[c] = &problem{Problem: fresh, due: due}
		return true
	}
	changed := p.State != severity || p.over
	if p.over { // and not said to be: then it never was
		p.over, p.due = false, time.Time{}
	}
	p.Times++
	p.State, p.Detail = severity, cause.Detail
	return changed
}

// Clear says that conditions do not hold, or not any more.
func (b *Board) Clear(of source.Stream, cs ...Condition) {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for e := range b.of(of) {
		if e.clear(cs, now) {
			b.changed(e, now)
		}
	}
}

func (e *entry) clear(cs []Condition, now time.Time) (changed bool) {
	for _, c := range cs {
		p := e.problems[c]
		if p == nil || p.over {
			continue
		}
		changed = true
		if p.over, p.due = true, now.Add(gathering); !p.said {
			delete(e.problems, c)
		}
	}
	return changed
}

// Listed says that the service has told what a stream has: it is collected.
func (b *Board) Listed(of source.Stream) {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for e := range b.of(of) {
		if !e.listed {
			e.listed = true
			b.changed(e, now)
		}
	}
}

// Note takes a sentence that is good to know and calls for nothing. The same
// one about several streams of a tenant becomes one line.
func (b *Board) Note(of source.Stream, text string) {
	due := time.Now().Add(gathering)
	text = b.secrets.Text(text, sanitize.MaxDetail)
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.rouse()
	for e := range b.of(of) {
		i := slices.IndexFunc(b.notes, func(n note) bool { return n.tenant == e.Tenant && n.text == text })
		if i < 0 {
			b.notes = append(b.notes, note{tenant: e.Tenant, text: text, due: due})
			i = len(b.notes) - 1
		}
		b.notes[i].streams = append(b.notes[i].streams, e.Stream)
	}
}

// Snapshot returns the state of every stream, in the order of the options.
func (b *Board) Snapshot() []Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Status, len(b.streams))
	for i, e := range b.streams {
		all[i] = Status{Stream: e.Stream, State: e.state, Since: e.since, Causes: causes(e.current())}
	}
	return all
}

// Problems returns what is wrong with a tenant's streams, worst first, each
// cause once.
func (b *Board) Problems(tenant string) []Problem {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.problems(tenant)
}

func (b *Board) problems(tenant string) []Problem {
	var all []Problem
	for e := range b.of(source.Stream{Tenant: tenant}) {
		all = append(all, e.current()...)
	}
	return fold(all)
}

// current are the problems that are not over, worst first.
func (e *entry) current() []Problem {
	var current []Problem
	for _, p := range e.problems {
		if !p.over {
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

// of yields the entries that a Stream stands for.
func (b *Board) of(s source.Stream) func(yield func(*entry) bool) {
	return func(yield func(*entry) bool) {
		for _, e := range b.streams {
			if (s.Tenant == "" || s.Tenant == e.Tenant) && (s.ContentType == "" || s.ContentType == e.ContentType) && !yield(e) {
				return
			}
		}
	}
}

// changed follows up a change of a stream's problems.
func (b *Board) changed(e *entry, now time.Time) {
	b.rouse()
	current := e.current()
	state := stateOf(e.listed, current)
	if state == e.state {
		return
	}
	event := Event{
		Time: now, Kind: Change, Tenant: e.Tenant, ContentType: e.ContentType,
		State: state, Previous: e.state, Since: now, Lasted: now.Sub(e.since), Causes: causes(current),
	}
	e.state, e.since = state, now
	if b.emit != nil {
		b.emit(event)
	}
}

func (b *Board) rouse() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
