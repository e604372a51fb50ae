package alert

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

const (
	// reminderInterval is the time between mails about a problem that lasts.
	reminderInterval = 24 * time.Hour
	// groupingInterval is the least time between a mail about a cause and one about
	// further streams that have it, and the longest that the recovery of a stream is
	// held back until the others of its cause recover.
	groupingInterval = time.Hour
	// recoveryDelay is how long a stream must work before its recovery is reported,
	// unless that is longer than the delay of the first mail.
	recoveryDelay = 5 * time.Minute
)

// A problem is one cause, of one stream, that needs action.
type problem struct {
	source.Stream
	what string
}

// observations are the states of the last check, and since when they last. The
// times of a [health.Status] are not enough: a stream stays degraded when a cause
// that passes is followed by one that needs action.
type observations struct {
	at       time.Time
	phases   map[source.Stream]phase
	problems map[problem]time.Time // since when
}

// A phase is the time in which a stream needs action, or needs none.
type phase struct {
	actionable bool
	since      time.Time
}

// observe returns the observations of now; before are those of the last check.
func observe(now time.Time, states []health.Status, before observations) observations {
	seen := observations{now, map[source.Stream]phase{}, map[problem]time.Time{}}
	for _, s := range states {
		since := now
		if s.Since.After(before.at) {
			since = s.Since
		}
		causes := actionable(s)
		seen.phases[s.Stream] = phase{len(causes) > 0, since}
		if b, ok := before.phases[s.Stream]; ok && b.actionable == (len(causes) > 0) {
			seen.phases[s.Stream] = b
		}
		for _, c := range causes {
			p := problem{s.Stream, c.What}
			seen.problems[p] = since
			if b, ok := before.problems[p]; ok {
				seen.problems[p] = b
			}
		}
	}
	return seen
}

// actionable returns the causes that need action: all of a stream that is failing,
// and those of a degraded one that do not pass by themselves.
func actionable(s health.Status) []health.Cause {
	switch s.State {
	case health.Failing:
		if len(s.Causes) == 0 {
			return []health.Cause{{What: "the cause is not known", Do: "See the log of Fluent Bit."}}
		}
		return s.Causes
	case health.Degraded:
		return slices.DeleteFunc(slices.Clone(s.Causes), func(c health.Cause) bool { return c.Transient })
	}
	return nil
}

// notified has the streams whose problems a recipient has got mail about, and no
// mail about their recovery yet.
type notified map[source.Stream]notification

// A notification is the mail sent about a stream. It is never changed.
type notification struct {
	since  time.Time            // when the problem began
	last   time.Time            // when the last mail about it was sent
	causes map[string]time.Time // when the last mail about each was sent
}

// A report is the content of one mail.
type report struct {
	now       time.Time
	problems  []group
	isNew     bool // at least one of the groups is no reminder
	recovered []recovery
	gaps      gapNews
}

func (r report) empty() bool { return len(r.problems)+len(r.recovered) == 0 && r.gaps.empty() }

// A group is a cause and all streams that have it now.
type group struct {
	health.Cause
	details []string // of all streams, without repetition
	streams []affected
}

type affected struct {
	health.Status
	began time.Time // of this problem, or of the one before after a recovery that was not reported
}

// A recovery is a stream that works again.
type recovery struct {
	health.Status
	began, ended time.Time
	causes       []string
}

// decide returns the report that is due now for a recipient, and what the
// recipient is notified of once it is sent. delay is the option alert_after.
func decide(now time.Time, delay time.Duration, states []health.Status, seen observations, before notified) (report, notified) {
	r := report{now: now}
	after := maps.Clone(before)
	if after == nil {
		after = notified{}
	}
	for _, g := range groups(states, seen, before) {
		isNew, due := g.due(now, delay, seen, before)
		if !due {
			continue
		}
		r.isNew = r.isNew || isNew
		r.problems = append(r.problems, g)
		for _, s := range g.streams {
			causes := map[string]time.Time{}
			maps.Copy(causes, after[s.Stream].causes)
			causes[g.What] = now
			after[s.Stream] = notification{since: s.began, last: now, causes: causes}
		}
	}
	if r.recovered = recoveries(now, min(delay, recoveryDelay), states, seen, before); len(r.recovered) > 0 {
		for _, s := range r.recovered {
			delete(after, s.Stream)
		}
	}
	return r, after
}

// groups groups the streams with a problem by its cause, the largest group first.
func groups(states []health.Status, seen observations, before notified) []group {
	index := map[string]int{}
	var all []group
	for _, s := range states {
		began := seen.phases[s.Stream].since
		if n, ok := before[s.Stream]; ok && n.since.Before(began) {
			began = n.since
		}
		for _, c := range actionable(s) {
			i, ok := index[c.What]
			if !ok {
				i = len(all)
				index[c.What] = i
				all = append(all, group{Cause: c})
			}
			g := &all[i]
			if c.Detail != "" && !slices.Contains(g.details, c.Detail) {
				g.details = append(g.details, c.Detail)
			}
			g.streams = append(g.streams, affected{s, began})
		}
	}
	slices.SortStableFunc(all, func(a, b group) int { return cmp.Compare(len(b.streams), len(a.streams)) })
	return all
}

// due reports whether a mail about a group is due, and whether that is new or a
// reminder.
func (g group) due(now time.Time, delay time.Duration, seen observations, before notified) (isNew, due bool) {
	var last time.Time // mail about this cause
	for _, n := range before {
		if t := n.causes[g.What]; t.After(last) {
			last = t
		}
	}
	for _, s := range g.streams {
		n, known := before[s.Stream]
		// A stream with a reported problem can get a further cause, for example one
		// that a network failure has hidden.
		since := seen.phases[s.Stream].since
		if known {
			since = seen.problems[problem{s.Stream, g.What}]
		}
		switch _, reported := n.causes[g.What]; {
		case reported:
			due = due || now.Sub(n.last) >= reminderInterval
		case now.Sub(since) < delay:
		case now.Sub(last) >= groupingInterval, !known && now.Sub(since) >= delay+groupingInterval:
			return true, true
		}
	}
	return false, due
}

// recoveries returns the streams whose problem was reported and that have worked
// for the time settled. Each is held back until the others of the same cause have
// recovered, for groupingInterval at most.
func recoveries(now time.Time, settled time.Duration, states []health.Status, seen observations, before notified) []recovery {
	var over []recovery
	open := map[string]bool{} // causes of streams that have not recovered
	for _, s := range states {
		n, known := before[s.Stream]
		phase := seen.phases[s.Stream]
		switch {
		case !known:
		case !phase.actionable && s.State != health.Starting && now.Sub(phase.since) >= settled:
			over = append(over, recovery{Status: s, began: n.since, ended: phase.since, causes: slices.Sorted(maps.Keys(n.causes))})
		default:
			for c := range n.causes {
				open[c] = true
			}
		}
	}
	heldBack := func(r recovery) bool {
		return now.Sub(r.ended) < groupingInterval && slices.ContainsFunc(r.causes, func(c string) bool { return open[c] })
	}
	return slices.DeleteFunc(over, heldBack)
}
