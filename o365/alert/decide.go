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
	// reminder is the time between mails about a trouble that lasts.
	reminder = 24 * time.Hour
	// gathering is the least time between a mail about a cause and one about
	// further streams that have it, and the longest that a stream which works
	// again waits for the others of its cause.
	gathering = time.Hour
	// settling is how long a stream must work before its trouble is over,
	// unless that is longer than the time to the mail about it.
	settling = 5 * time.Minute
)

// A trouble is one cause that calls for somebody, of one stream.
type trouble struct {
	source.Stream
	what string
}

// sightings are what was seen at the last look, and since when it is so. The
// times of a [health.Status] would not do: a stream stays degraded when a cause
// that passes gives way to one that doesn't.
type sightings struct {
	at       time.Time
	spells   map[source.Stream]spell
	troubles map[trouble]time.Time
}

// A spell is the time in which a stream calls for somebody, or doesn't.
type spell struct {
	calls bool
	since time.Time
}

// observe looks at the states of now.
func observe(now time.Time, states []health.Status, before sightings) sightings {
	seen := sightings{now, map[source.Stream]spell{}, map[trouble]time.Time{}}
	for _, s := range states {
		since := now
		if s.Since.After(before.at) {
			since = s.Since
		}
		causes := calling(s)
		seen.spells[s.Stream] = spell{len(causes) > 0, since}
		if b, ok := before.spells[s.Stream]; ok && b.calls == (len(causes) > 0) {
			seen.spells[s.Stream] = b
		}
		for _, c := range causes {
			t := trouble{s.Stream, c.What}
			seen.troubles[t] = since
			if b, ok := before.troubles[t]; ok {
				seen.troubles[t] = b
			}
		}
	}
	return seen
}

// calling gives the causes for which somebody is called: all of a stream that
// is failing, and those of a degraded one that do not pass by themselves.
func calling(s health.Status) []health.Cause {
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

// told is what a recipient knows: the streams that are in trouble.
type told map[source.Stream]account

// An account is what was told about a stream. It is never changed.
type account struct {
	since  time.Time            // when its trouble began
	last   time.Time            // when the last mail about it was sent
	causes map[string]time.Time // when the last mail about each was sent
}

// A report is what one mail tells.
type report struct {
	now       time.Time
	troubles  []group
	news      bool // one of the groups, at least, is no reminder
	recovered []recovery
}

func (r report) empty() bool { return len(r.troubles)+len(r.recovered) == 0 }

// A group is a cause and all streams that have it now.
type group struct {
	health.Cause
	details []string // of all streams, without repetition
	streams []affected
}

type affected struct {
	health.Status
	began time.Time // its trouble, or the one before if it worked for a moment only
}

// A recovery is a stream that works again.
type recovery struct {
	health.Status
	began, ended time.Time
	causes       []string
}

// decide returns what is to be told at a moment to somebody who knows before,
// and what he knows then.
func decide(now time.Time, patience time.Duration, states []health.Status, seen sightings, before told) (report, told) {
	r := report{now: now}
	after := maps.Clone(before)
	if after == nil {
		after = told{}
	}
	for _, g := range groups(states, seen, before) {
		news, due := g.due(now, patience, seen, before)
		if !due {
			continue
		}
		r.news = r.news || news
		r.troubles = append(r.troubles, g)
		for _, s := range g.streams {
			causes := map[string]time.Time{}
			maps.Copy(causes, after[s.Stream].causes)
			causes[g.What] = now
			after[s.Stream] = account{since: s.began, last: now, causes: causes}
		}
	}
	if r.recovered = recoveries(now, min(patience, settling), states, seen, before); len(r.recovered) > 0 {
		for _, s := range r.recovered {
			delete(after, s.Stream)
		}
	}
	return r, after
}

// groups puts streams in trouble together by what it is, the largest first.
func groups(states []health.Status, seen sightings, before told) []group {
	index := map[string]int{}
	var all []group
	for _, s := range states {
		began := seen.spells[s.Stream].since
		if a, ok := before[s.Stream]; ok && a.since.Before(began) {
			began = a.since
		}
		for _, c := range calling(s) {
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

// due reports whether a group has to be told, and whether that is news or a
// reminder.
func (g group) due(now time.Time, patience time.Duration, seen sightings, before told) (news, due bool) {
	var last time.Time // mail about this cause
	for _, a := range before {
		if t := a.causes[g.What]; t.After(last) {
			last = t
		}
	}
	for _, s := range g.streams {
		a, known := before[s.Stream]
		// A stream that is known gets a new cause now and then, when what was
		// wrong hides behind a failing network for example.
		since := seen.spells[s.Stream].since
		if known {
			since = seen.troubles[trouble{s.Stream, g.What}]
		}
		switch _, again := a.causes[g.What]; {
		case again:
			due = due || now.Sub(a.last) >= reminder
		case now.Sub(since) < patience:
		case now.Sub(last) >= gathering, !known && now.Sub(since) >= patience+gathering:
			return true, true
		}
	}
	return false, due
}

// recoveries gives the streams that were told to be in trouble and have been
// out of it for a while. They wait for the others of the same cause, but not
// for ever.
func recoveries(now time.Time, settled time.Duration, states []health.Status, seen sightings, before told) []recovery {
	var over []recovery
	open := map[string]bool{} // causes of streams that are not out of trouble
	for _, s := range states {
		a, known := before[s.Stream]
		spell := seen.spells[s.Stream]
		switch {
		case !known:
		case !spell.calls && s.State != health.Starting && now.Sub(spell.since) >= settled:
			over = append(over, recovery{Status: s, began: a.since, ended: spell.since, causes: slices.Sorted(maps.Keys(a.causes))})
		default:
			for c := range a.causes {
				open[c] = true
			}
		}
	}
	waits := func(r recovery) bool {
		return now.Sub(r.ended) < gathering && slices.ContainsFunc(r.causes, func(c string) bool { return open[c] })
	}
	return slices.DeleteFunc(over, waits)
}
