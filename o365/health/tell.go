package health

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Run writes to the log what there is to say, until ctx ends and all problems
// are said.
func (b *Board) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			b.last()
			return
		case <-b.wake:
		case <-timer.C:
		}
		if next := b.tell(time.Now()); !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

// tell says what is due at now, and returns when something else will be; zero
// if nothing waits.
func (b *Board) tell(now time.Time) (next time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.tenants {
		if !t.introduced {
			b.introduce(t, now)
		}
		if !t.introduced {
			next = sooner(next, t.due)
		}
	}
	b.sayNotes(now)
	b.sayOver(now)
	b.sayProblems(now)
	for e := range b.of(source.Stream{}) {
		if !b.introduced(e.Tenant) {
			continue
		}
		for _, p := range e.problems {
			next = sooner(next, p.due)
		}
	}
	for _, n := range b.notes {
		if b.introduced(n.tenant) {
			next = sooner(next, n.due)
		}
	}
	return next
}

// last says what waits, but not that a tenant had no time to go well or ill.
func (b *Board) last() {
	now := time.Now()
	b.mu.Lock()
	for _, t := range b.tenants {
		t.due, t.introduced = now, t.introduced || len(b.problems(t.name)) == 0
	}
	for _, e := range b.streams {
		for _, p := range e.problems {
			if !p.due.IsZero() {
				p.due = now
			}
		}
	}
	b.notes = nil
	b.mu.Unlock()
	b.tell(now)
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (b *Board) introduced(name string) bool {
	i := slices.IndexFunc(b.tenants, func(t *tenant) bool { return t.name == name })
	return b.tenants[i].introduced
}

// introduce says the summary of a tenant when it is due.
func (b *Board) introduce(t *tenant, now time.Time) {
	s := summary{tenant: t.name}
	noLogin := false
	for e := range b.of(source.Stream{Tenant: t.name}) {
		s.all = append(s.all, e.Stream)
		switch e.state {
		case Starting:
			s.waiting = append(s.waiting, e.ContentType)
		case OK, Degraded:
			if e.listed {
				s.collected = append(s.collected, e.ContentType)
			} else {
				s.waiting = append(s.waiting, e.ContentType)
			}
		}
		p := e.problems[SignIn]
		noLogin = noLogin || p != nil && !p.over
	}
	if len(s.waiting) == 0 || noLogin {
		// What belongs to the same moment goes in as well.
		t.due = sooner(t.due, now.Add(gathering/2))
	}
	if now.Before(t.due) {
		return
	}
	t.introduced = true
	s.problems = b.problems(t.name)
	for e := range b.of(source.Stream{Tenant: t.name}) {
		for _, p := range e.problems {
			b.spoke(e, p, now)
		}
	}
	b.notes = slices.DeleteFunc(b.notes, func(n note) bool {
		if n.tenant == t.name {
			s.notes = append(s.notes, n)
		}
		return n.tenant == t.name
	})
	level, line := s.line()
	b.log.Line(level, line)
}

func (b *Board) spoke(e *entry, p *problem, now time.Time) {
	p.said, p.due = true, time.Time{}
	maps.DeleteFunc(e.spoken, func(_ topic, at time.Time) bool { return now.Sub(at) > quiet })
	e.spoken[p.topic()] = now
}

func (b *Board) sayNotes(now time.Time) {
	b.notes = slices.DeleteFunc(b.notes, func(n note) bool {
		if !b.introduced(n.tenant) || now.Before(n.due) {
			return false
		}
		b.log.Infof("%s: %s", scope(n.streams, b.all), n.text)
		return true
	})
}

// sayProblems says the problems that are due, each with the streams that have
// it and where it is not said yet.
func (b *Board) sayProblems(now time.Time) {
	due := b.take(now, func(p *problem) bool { return !p.over && !p.said }, func(e *entry, p *problem) { b.spoke(e, p, now) })
	for _, p := range due {
		b.log.Line(p.level(), problemLine(p, b.all))
	}
}

func (b *Board) sayOver(now time.Time) {
	due := b.take(now, func(p *problem) bool { return p.over }, func(e *entry, p *problem) { delete(e.problems, p.Condition) })
	for _, p := range due {
		b.log.Infof("%s", overLine(p, now.Add(-gathering), b.all))
	}
}

// take returns the chosen problems that are due, folded, and with them those
// of the same cause that wait for no more than to be gathered.
func (b *Board) take(now time.Time, choose func(*problem) bool, taken func(*entry, *problem)) []Problem {
	due := make(map[topic]bool)
	chosen := func(f func(*entry, *problem)) {
		for e := range b.of(source.Stream{}) {
			if !b.introduced(e.Tenant) {
				continue
			}
			for _, p := range e.problems {
				if choose(p) && !p.due.IsZero() {
					f(e, p)
				}
			}
		}
	}
	chosen(func(_ *entry, p *problem) { due[p.topic()] = due[p.topic()] || !now.Before(p.due) })
	var all []Problem
	chosen(func(e *entry, p *problem) {
		if due[p.topic()] && p.due.Before(now.Add(gathering)) {
			all = append(all, p.Problem)
			taken(e, p)
		}
	})
	return fold(all)
}
