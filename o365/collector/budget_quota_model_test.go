//go:build !race

// One goroutine runs through hours of requests: there is nothing for the race
// detector to watch, and it would take minutes.

package collector

import (
	"math/rand/v2"
	"time"
)

// quotaModel is a model of a service with a quota and of processes that collect
// from it, each with a Budget of its own, a backfill without end, and urgent
// content at every poll. It is run event by event, without a clock.
type quotaModel struct {
	quota        func(minute int) int
	sliding      bool // any 60 s count, else the minutes of the clock
	countRefused bool // refused requests count too
	ceiling      int
	joinMinutes  []int         // minute in which each process starts
	strangerRate func(int) int // requests a minute of a process without a Budget
	noise        float64       // share of requests that are refused without a reason
	latency      time.Duration // on average
	concurrency  int           // requests of a process
	retry        time.Duration // Retry-After
	seed         uint64

	random    *rand.Rand
	start     time.Time
	events    events
	used      []time.Time // accepted in this minute
	processes []*process
}

// process is one with a Budget, or one without.
type process struct {
	budget *Budget // nil: it requests at strangerRate
	busy   int
	wake   time.Time
	urgent int // urgent requests to be made
	open   int // requests of the poll that are not accepted yet
	polled time.Time

	minutes []minute
}

type minute struct {
	accepted, refused int
	polls, late       int           // polls whose last download came, those it came too late for
	longest           time.Duration // from poll to the last download
}

const maxLate = 5 * time.Second

const perPoll = 4 // listings, and as many downloads when they are answered

type event struct {
	at      time.Time
	kind    eventKind
	process *process
	request
}

type request struct {
	sent, answered time.Time
	urgent, ok     bool
}

type eventKind int

const (
	wakeUp eventKind = iota
	pollDue
	arrival
	answer
)

// events is a heap, the earliest first. There are millions: container/heap
// would allocate each.
type events []event

func (e *events) push(new event) {
	*e = append(*e, new)
	q := *e
	for i := len(q) - 1; i > 0; {
		parent := (i - 1) / 2
		if !q[i].at.Before(q[parent].at) {
			return
		}
		q[i], q[parent] = q[parent], q[i]
		i = parent
	}
}

func (e *events) pop() event {
	q := *e
	first, last := q[0], len(q)-1
	q[0] = q[last]
	q = q[:last]
	*e = q
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if q[child].at.Before(q[least].at) {
				least = child
			}
		}
		if least == i {
			return first
		}
		q[i], q[least] = q[least], q[i]
		i = least
	}
}

func (m *quotaModel) run(minutes int) {
	m.random = rand.New(rand.NewPCG(m.seed, 1))
	m.start = time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC).Add(m.upTo(time.Minute))
	for _, join := range m.joinMinutes {
		p := &process{budget: NewBudget(m.ceiling), minutes: make([]minute, minutes)}
		m.processes = append(m.processes, p)
		m.at(m.start.Add(time.Duration(join)*time.Minute+m.upTo(time.Second)), event{kind: pollDue, process: p})
	}
	if m.strangerRate != nil {
		p := &process{minutes: make([]minute, minutes)}
		m.processes = append(m.processes, p)
		m.at(m.start, event{kind: wakeUp, process: p})
	}
	for {
		e := m.events.pop()
		n := m.minute(e.at)
		if n >= minutes {
			return
		}
		m.handle(e, &e.process.minutes[n])
	}
}

func (m *quotaModel) minute(t time.Time) int { return int(t.Sub(m.start) / time.Minute) }

func (m *quotaModel) upTo(d time.Duration) time.Duration {
	return time.Duration(m.random.Int64N(int64(d)))
}

func (m *quotaModel) at(t time.Time, e event) {
	e.at = t
	m.events.push(e)
}

func (m *quotaModel) handle(e event, now *minute) {
	p := e.process
	switch e.kind {
	case wakeUp:
		if p.budget == nil {
			m.strangerAsks(e, now)
			return
		}
	case pollDue:
		m.at(e.at.Add(time.Minute-m.upTo(time.Minute/100)), event{kind: pollDue, process: p})
		if p.open == 0 {
			p.open, p.urgent, p.polled = 2*perPoll, perPoll, e.at
		}
	case arrival:
		e.ok = m.accept(e.at)
		e.count(now)
		e.kind = answer
		m.at(e.answered, e)
		return
	case answer:
		p.answered(e, m.retry, now)
	}
	m.takeRequests(p, e.at)
}

func (e event) count(now *minute) {
	if e.ok {
		now.accepted++
	} else {
		now.refused++
	}
}

func (m *quotaModel) strangerAsks(e event, now *minute) {
	rate := m.strangerRate(m.minute(e.at))
	if rate == 0 {
		m.at(e.at.Add(time.Minute), e)
		return
	}
	e.ok = m.accept(e.at)
	e.count(now)
	m.at(e.at.Add(m.jitter(time.Minute/time.Duration(rate))), e)
}

// jitter is a time from d/2 to 3d/2.
func (m *quotaModel) jitter(d time.Duration) time.Duration { return d/2 + m.upTo(d) }

// accept reports whether the service accepts a request.
func (m *quotaModel) accept(now time.Time) bool {
	if m.noise > 0 && m.random.Float64() < m.noise {
		return false
	}
	since := now.Truncate(time.Minute)
	if m.sliding {
		since = now.Add(-time.Minute)
	}
	for len(m.used) > 0 && m.used[0].Before(since) {
		m.used = m.used[1:]
	}
	ok := len(m.used) < m.quota(m.minute(now))
	if ok || m.countRefused {
		m.used = append(m.used, now)
	}
	return ok
}

// takeRequests makes the requests that p may make now.
func (m *quotaModel) takeRequests(p *process, now time.Time) {
	for p.busy < m.concurrency {
		urgent := p.urgent > 0
		wait, ok := p.budget.Take(now, urgent)
		if !ok {
			if at := now.Add(wait); !p.wake.After(now) || at.Before(p.wake) {
				p.wake = at
				m.at(at, event{kind: wakeUp, process: p})
			}
			return
		}
		if urgent {
			p.urgent--
		}
		p.busy++
		way := m.jitter(m.latency)
		m.at(now.Add(way/2), event{kind: arrival, process: p, request: request{sent: now, answered: now.Add(way), urgent: urgent}})
	}
}

func (p *process) answered(e event, retry time.Duration, now *minute) {
	p.busy--
	if !e.ok {
		p.budget.Refused(e.sent, e.at, retry)
		if e.urgent {
			p.urgent++
		}
		return
	}
	p.budget.Accepted(e.sent)
	if !e.urgent {
		return
	}
	switch p.open--; p.open {
	case perPoll:
		p.urgent = perPoll
	case 0:
		took := e.at.Sub(p.polled)
		now.polls++
		if took > maxLate {
			now.late++
		}
		now.longest = max(now.longest, took)
	}
}

// quotaUse is how the minutes [from, to) were used.
type quotaUse struct {
	use     float64 // share of the quota that was used, by all
	refused float64 // share of the processes' requests
	jain    float64 // fairness index of Jain: 1 is equal shares, 1/n all for one
	late    float64 // share of the polls
	longest time.Duration
}

func (m *quotaModel) use(from, to int) quotaUse {
	var quota, all, refused, sum, squares, polls, late float64
	var o quotaUse
	for n := from; n < to; n++ {
		quota += float64(min(m.quota(n), m.ceiling*len(m.processes)))
	}
	for _, p := range m.processes {
		share := 0.0
		for _, now := range p.minutes[from:to] {
			share += float64(now.accepted)
			if p.budget != nil {
				refused += float64(now.refused)
				polls += float64(now.polls)
				late += float64(now.late)
				o.longest = max(o.longest, now.longest)
			}
		}
		all += share
		if p.budget != nil {
			sum += share
			squares += share * share
		}
	}
	o.use = all / quota
	o.refused = refused / (sum + refused)
	o.late = late / polls
	o.jain = sum * sum / squares / float64(len(m.joinMinutes))
	return o
}

// settled is after how many minutes from one on 95 % of the quota was used,
// and at most 1 % of requests refused, in a span of five minutes.
func (m *quotaModel) settled(from, to int) int {
	n := from
	for n < to-5 {
		if o := m.use(n, n+5); o.use >= 0.95 && o.refused <= 0.01 {
			break
		}
		n++
	}
	return n - from
}
