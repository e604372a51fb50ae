package alert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

const (
	// gapWait is the time from a gap to its mail, so that those of all streams share it,
	// unless the delay of the first mail about a problem is shorter; after that,
	// groupingInterval is the least time between two mails about gaps.
	gapWait = 5 * time.Minute
	// maxNoted is how many gaps are kept for a mail, and maxGapLines how many of a stream
	// it shows. The log has all of them.
	maxNoted, maxGapLines = 10_000, 10
)

// noted is a gap, or the recovery of one, and when it was noted.
type noted struct {
	health.Event
	at time.Time
}

// Gap takes in that content is lost for good (an event [health.Gap]), or came after
// all ([health.Recovery]). It never blocks.
func (a *Alerts) Gap(e health.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.recipients {
		if len(r.gaps) < maxNoted {
			r.gaps = append(r.gaps, noted{e, time.Now()})
		}
	}
}

// gapsDue returns the gaps of a recipient that a mail is due about.
func (a *Alerts) gapsDue(r *recipient, now time.Time) []noted {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(r.gaps) == 0 || now.Sub(r.gaps[0].at) < min(gapWait, a.after) || now.Sub(r.gapsMailed) < groupingInterval {
		return nil
	}
	return slices.Clone(r.gaps)
}

// dropGaps removes the first gaps of a recipient.
func (a *Alerts) dropGaps(r *recipient, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r.gaps = slices.Delete(r.gaps, 0, n)
}

// gapNews is what a mail says about gaps.
type gapNews struct{ lost, recovered map[source.Stream]*gaps }

// gaps are those of a stream.
type gaps struct {
	spans   []source.Span
	reasons []string // without repetition
}

func (n gapNews) empty() bool { return len(n.lost)+len(n.recovered) == 0 }

// newsOf returns what is to be said about gaps, in the order in which they were noted.
// What is lost and recovered within them needs no mail.
func newsOf(all []noted) gapNews {
	n := gapNews{map[source.Stream]*gaps{}, map[source.Stream]*gaps{}}
	for _, g := range all {
		n.add(g.Event)
	}
	return n
}

func (n gapNews) add(e health.Event) {
	stream := source.Stream{Tenant: e.Tenant, ContentType: e.ContentType}
	news, to := []source.Span{{From: e.From, To: e.To}}, n.lost
	if e.Kind == health.Recovery {
		to = n.recovered
		if lost := n.lost[stream]; lost != nil {
			left := cut(lost.spans, news)
			news = cut(news, lost.spans)
			if lost.spans = left; len(left) == 0 {
				delete(n.lost, stream)
			}
		}
	}
	if len(news) == 0 {
		return
	}
	if to[stream] == nil {
		to[stream] = &gaps{}
	}
	to[stream].add(news, e.Reason)
}

// add adds spans, which become one with the last if they touch it.
func (g *gaps) add(spans []source.Span, reason string) {
	for _, s := range spans {
		last := len(g.spans) - 1
		if last >= 0 && !s.From.After(g.spans[last].To) && !s.From.Before(g.spans[last].From) {
			if s.To.After(g.spans[last].To) {
				g.spans[last].To = s.To
			}
			continue
		}
		g.spans = append(g.spans, s)
	}
	if reason != "" && len(g.reasons) <= maxDetails && !slices.Contains(g.reasons, reason) {
		g.reasons = append(g.reasons, reason)
	}
}

// cut returns what of spans is in none of the others.
func cut(spans, others []source.Span) (left []source.Span) {
	for _, s := range spans {
		left = append(left, s.Without(others...)...)
	}
	return left
}

// write writes what is lost, and what came after all.
func (n gapNews) write(b *strings.Builder) {
	if len(n.lost) > 0 {
		b.WriteString("Microsoft 365 audit records are lost: Microsoft does not offer them any more.\n")
		b.WriteString("\nWhat to do:\n  Search the audit log in Microsoft Purview, which keeps records for longer.\n")
		b.WriteString("\nWhat is lost, by the time at which it became available:\n")
		writeGaps(b, n.lost)
	}
	if len(n.recovered) > 0 {
		b.WriteString("Microsoft 365 audit records that were reported as lost were delivered after all:\n")
		writeGaps(b, n.recovered)
	}
}

func writeGaps(b *strings.Builder, all map[source.Stream]*gaps) {
	type line struct {
		source.Stream
		text string
	}
	var lines []line
	var reasons []string
	for _, stream := range slices.SortedFunc(maps.Keys(all), func(x, y source.Stream) int {
		return cmp.Or(cmp.Compare(x.Tenant, y.Tenant), cmp.Compare(x.ContentType, y.ContentType))
	}) {
		g := all[stream]
		for i, s := range g.spans {
			if i == maxGapLines {
				lines = append(lines, line{stream, fmt.Sprintf("and %d more, see the log", len(g.spans)-i)})
				break
			}
			lines = append(lines, line{stream, second(s.From) + " to " + second(s.To) + " UTC"})
		}
		for _, r := range g.reasons {
			if !slices.Contains(reasons, r) {
				reasons = append(reasons, r)
			}
		}
	}
	list(b, lines, func(l line) source.Stream { return l.Stream }, func(l line) string { return l.text })
	b.WriteString("\nWhy it counted as lost:\n")
	for i, r := range reasons {
		if i == maxDetails {
			b.WriteString("  and more, see the log\n")
			break
		}
		write(b, "  ", r)
	}
	b.WriteString("\n")
}

func second(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
