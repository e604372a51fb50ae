package health

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Run logs what is due until ctx ends, then what is pending, and returns.
func (m *Monitor) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			m.flush()
			return
		case <-m.wake:
		case <-timer.C:
		}
		if next := m.logDue(time.Now()); !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

// logDue logs what is due at now, and returns when the next line will be due; zero
// if none is pending.
func (m *Monitor) logDue(now time.Time) (next time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.tenants {
		if !t.summarized {
			m.logSummary(t, now)
		}
	}
	m.logNotes(now)
	m.logEnded(now)
	m.logProblems(now)
	return m.nextDue()
}

// nextDue is when the next line is due; zero if none is pending. What waits for a
// tenant's summary is not due before that.
func (m *Monitor) nextDue() (next time.Time) {
	for _, t := range m.tenants {
		if !t.summarized {
			next = earlier(next, t.due)
		}
	}
	for s := range m.matching(source.Stream{}) {
		if !m.summarized(s.Tenant) {
			continue
		}
		for _, p := range s.problems {
			next = earlier(next, p.due)
		}
	}
	for _, n := range m.notes {
		if m.summarized(n.tenant) {
			next = earlier(next, n.due)
		}
	}
	return next
}

// flush logs the problems and ends that are pending at the end, and the summaries
// of tenants that have problems. A tenant that merely had no time to be listed has
// no summary; notes are dropped.
func (m *Monitor) flush() {
	now := time.Now()
	m.mu.Lock()
	for _, t := range m.tenants {
		t.due, t.summarized = now, t.summarized || len(m.problems(t.name)) == 0
	}
	for _, s := range m.streams {
		for _, p := range s.problems {
			if !p.due.IsZero() {
				p.due = now
			}
		}
	}
	m.notes = nil
	m.mu.Unlock()
	m.logDue(now)
}

// earlier is the earlier of two times, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (m *Monitor) summarized(tenantName string) bool {
	i := slices.IndexFunc(m.tenants, func(t *tenant) bool { return t.name == tenantName })
	return m.tenants[i].summarized
}

// logSummary logs the summary of a tenant if it is due. The summary has the
// problems and notes that are pending.
func (m *Monitor) logSummary(t *tenant, now time.Time) {
	s, complete := m.summary(t.name)
	if complete {
		// What happens in the same moment gets into the summary.
		t.due = earlier(t.due, now.Add(groupWait/2))
	}
	if now.Before(t.due) {
		return
	}
	t.summarized = true
	s.problems = m.problems(t.name)
	for stream := range m.matching(source.Stream{Tenant: t.name}) {
		for _, p := range stream.problems {
			stream.markLogged(p, now)
		}
	}
	m.notes = slices.DeleteFunc(m.notes, func(n note) bool {
		if n.tenant == t.name {
			s.notes = append(s.notes, n)
		}
		return n.tenant == t.name
	})
	m.log.Line(s.line())
}

// summary sorts the streams of a tenant. The summary is complete if no stream is
// pending, or none can be collected because the login fails.
func (m *Monitor) summary(tenantName string) (s summary, complete bool) {
	s.tenant, s.replays = tenantName, m.replays
	loginFails := false
	for stream := range m.matching(source.Stream{Tenant: tenantName}) {
		s.all = append(s.all, stream.Stream)
		switch {
		case stream.state == Failing:
		case stream.listed:
			s.collected = append(s.collected, stream.ContentType)
		default:
			s.pending = append(s.pending, stream.ContentType)
		}
		p := stream.problems[SignIn]
		loginFails = loginFails || p != nil && !p.ended
	}
	return s, len(s.pending) == 0 || loginFails
}

func (s *stream) markLogged(p *problem, now time.Time) {
	p.logged, p.due = true, time.Time{}
	maps.DeleteFunc(s.lastLogged, func(_ problemKey, at time.Time) bool { return now.Sub(at) > repeatInterval })
	s.lastLogged[p.key()] = now
}

func (m *Monitor) logNotes(now time.Time) {
	m.notes = slices.DeleteFunc(m.notes, func(n note) bool {
		if !m.summarized(n.tenant) || now.Before(n.due) {
			return false
		}
		m.log.Infof("%s: %s", scope(n.streams, m.all), n.text)
		return true
	})
}

// logProblems logs the problems that are due, each with the streams that have it
// and for which it is not logged yet.
func (m *Monitor) logProblems(now time.Time) {
	due := m.takeDue(now, func(p *problem) bool { return !p.ended && !p.logged }, func(s *stream, p *problem) { s.markLogged(p, now) })
	for _, p := range due {
		m.log.Line(p.level(), problemLine(p, m.all, m.replays))
	}
}

// logEnded logs the ends of problems that are due.
func (m *Monitor) logEnded(now time.Time) {
	due := m.takeDue(now, func(p *problem) bool { return p.ended }, func(s *stream, p *problem) { delete(s.problems, p.Condition) })
	for _, p := range due {
		m.log.Infof("%s", endLine(p, now.Add(-groupWait), m.all))
	}
}

// takeDue returns the chosen problems that are due, merged, and with them those of
// the same key that are due within groupWait. It calls taken for each of them.
func (m *Monitor) takeDue(now time.Time, chosen func(*problem) bool, taken func(*stream, *problem)) []Problem {
	due := make(map[problemKey]bool)
	each := func(f func(*stream, *problem)) {
		for s := range m.matching(source.Stream{}) {
			if !m.summarized(s.Tenant) {
				continue
			}
			for _, p := range s.problems {
				if chosen(p) && !p.due.IsZero() {
					f(s, p)
				}
			}
		}
	}
	each(func(_ *stream, p *problem) { due[p.key()] = due[p.key()] || !now.Before(p.due) })
	var all []Problem
	each(func(s *stream, p *problem) {
		if due[p.key()] && p.due.Before(now.Add(groupWait)) {
			all = append(all, p.Problem)
			taken(s, p)
		}
	})
	return merge(all)
}
