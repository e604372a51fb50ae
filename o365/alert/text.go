package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// An instance is the input that sends the mail.
type instance struct {
	name, host string
	retention  time.Duration // see Config
}

func (i instance) String() string {
	if i.name == "" {
		return i.host
	}
	return i.name + " on " + i.host
}

const (
	// Bounds of a subject and of a line with foreign text, in characters.
	maxSubjectChars, maxLineChars = 150, 2000
	// maxDetails is how many errors of one cause are shown.
	maxDetails = 3
)

func (r report) subject(i instance) string {
	text := "audit records are collected again"
	switch {
	case len(r.problems) > 0:
		still := ""
		if !r.isNew {
			still = "still "
		}
		text = "audit records " + still + r.problems[0].effect() + ": " + r.problems[0].What
	case len(r.gaps.lost) > 0:
		text = "audit records are lost"
	case len(r.recovered) == 0 && len(r.gaps.recovered) > 0:
		text = "lost audit records were delivered after all"
	}
	if n := len(r.problems) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return sanitize.Text("["+i.String()+"] "+text, maxSubjectChars)
}

func (r report) body(i instance) string {
	var b strings.Builder
	for _, g := range r.problems {
		g.write(&b, r.now, i.retention)
	}
	for _, streams := range byCause(r.recovered) {
		writeRecovered(&b, streams, i.retention)
	}
	r.gaps.write(&b)
	b.WriteString("-- \n")
	write(&b, "", fmt.Sprintf("Sent by the Fluent Bit input %s (fluent-bit-o365).", i.String()))
	if len(r.problems) > 0 {
		b.WriteString("While this lasts, a mail is sent every day, and one on recovery.\n")
	}
	return b.String()
}

// byCause groups the streams that had the same causes.
func byCause(all []recovery) [][]recovery {
	var groups [][]recovery
	for _, r := range all {
		i := slices.IndexFunc(groups, func(g []recovery) bool { return slices.Equal(g[0].causes, r.causes) })
		if i < 0 {
			groups = append(groups, []recovery{r})
			continue
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}

func writeRecovered(b *strings.Builder, streams []recovery, retention time.Duration) {
	b.WriteString("Microsoft 365 audit records are collected again. It was:\n")
	for _, c := range streams[0].causes {
		write(b, "", c)
	}
	b.WriteString("\nWhat is concerned, and how long it was:\n")
	list(b, streams, func(s recovery) source.Stream { return s.Stream }, func(s recovery) string {
		text := fmt.Sprintf("from %s to %s (%s)", clock(s.began), clock(s.ended), roughly(s.ended.Sub(s.began)))
		if s.ended.Sub(s.began) > retention {
			text += ", longer than Microsoft keeps content: the log says what is lost"
		}
		return text
	})
	b.WriteString("\n")
}

// list writes streams under their tenants, each with the text that about returns.
func list[T any](b *strings.Builder, all []T, stream func(T) source.Stream, about func(T) string) {
	sorted := slices.SortedFunc(slices.Values(all), func(x, y T) int {
		return cmp.Or(cmp.Compare(stream(x).Tenant, stream(y).Tenant), cmp.Compare(stream(x).ContentType, stream(y).ContentType))
	})
	tenant := ""
	for _, s := range sorted {
		if t := stream(s).Tenant; t != tenant {
			tenant = t
			fmt.Fprintf(b, "  tenant %s\n", tenant)
		}
		fmt.Fprintf(b, "    %s: %s\n", stream(s).ContentType, about(s))
	}
}

// effect names the effect of a problem.
func (g group) effect() string {
	if slices.ContainsFunc(g.streams, isFailing) {
		return "not collected"
	}
	return "at risk"
}

func (g group) write(b *strings.Builder, now time.Time, retention time.Duration) {
	fmt.Fprintf(b, "Microsoft 365 audit records are %s:\n", g.effect())
	write(b, "", g.What)
	if g.Do != "" {
		b.WriteString("\nWhat to do:\n")
		write(b, "  ", g.Do)
	}
	b.WriteString("\nWhat is concerned, and since when:\n")
	list(b, g.streams, func(s affected) source.Stream { return s.Stream }, func(s affected) string {
		return fmt.Sprintf("%s since %s (%s)", s.State, clock(s.began), roughly(now.Sub(s.began)))
	})
	if slices.ContainsFunc(g.streams, isFailing) {
		b.WriteString("\n")
		write(b, "", deadline(g.streams, now, retention))
	}
	if len(g.details) > 0 {
		b.WriteString("\nThe error:\n")
	}
	for i, d := range g.details {
		if i == maxDetails {
			fmt.Fprintf(b, "  and %d more, see the log\n", len(g.details)-i)
			break
		}
		write(b, "  ", d)
	}
	b.WriteString("\n")
}

func isFailing(s affected) bool { return s.State == health.Failing }

// deadline says until when nothing is lost: content of the time since the failure
// began is deleted by Microsoft after the retention.
func deadline(streams []affected, now time.Time, retention time.Duration) string {
	var began time.Time
	for _, s := range streams {
		if isFailing(s) && (began.IsZero() || s.began.Before(began)) {
			began = s.began
		}
	}
	until, days := began.Add(retention), int(retention/(24*time.Hour))
	if now.Before(until) {
		return fmt.Sprintf("Microsoft keeps content for %d days. Nothing is lost if this is fixed before %s.", days, clock(until))
	}
	return fmt.Sprintf("Microsoft keeps content for %d days, so records are being lost since %s.", days, clock(until))
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// roughly returns a time span in its one or two largest units.
func roughly(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < day:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d d %d h", d/day, d%day/time.Hour)
}

// write adds text in lines that begin with prefix. Long lines are not wrapped, so
// that commands can be copied.
func write(b *strings.Builder, prefix, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(prefix + sanitize.Text(line, maxLineChars) + "\n")
	}
}
