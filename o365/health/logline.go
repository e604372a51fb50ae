package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// scope names some of all streams, as briefly as possible: a tenant without content
// types stands for all of its streams.
func scope(streams, all []source.Stream) string {
	var parts []string
	tenants := tenantsOf(all)
	whole := 0
	for _, tenant := range tenants {
		here, there := typesOf(tenant, streams, all), typesOf(tenant, all, all)
		switch {
		case len(here) == 0:
		case len(here) == len(there):
			whole++
			parts = append(parts, tenant)
		default:
			parts = append(parts, tenant+" "+enumerate(here))
		}
	}
	if whole == len(tenants) && whole > 1 {
		return "all tenants"
	}
	return strings.Join(parts, "; ")
}

func tenantsOf(streams []source.Stream) []string {
	var tenants []string
	for _, s := range streams {
		if !slices.Contains(tenants, s.Tenant) {
			tenants = append(tenants, s.Tenant)
		}
	}
	return tenants
}

// typesOf are the content types of a tenant's streams, each once, in the order of
// all.
func typesOf(tenant string, streams, all []source.Stream) []string {
	var types []string
	for _, s := range all {
		if s.Tenant == tenant && slices.Contains(streams, s) && !slices.Contains(types, s.ContentType) {
			types = append(types, s.ContentType)
		}
	}
	return types
}

// enumerate is a list as prose: "a, b and c".
func enumerate(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// causeText is a cause as part of a line: what is wrong, what to do, and the detail
// in parentheses.
func causeText(c Cause) string {
	line := c.What
	if c.Do != "" {
		line += ": " + c.Do
	}
	if c.Detail != "" {
		line += " (" + c.Detail + ")"
	}
	return line
}

// problemLine is the line about a new problem.
func problemLine(p Problem, all []source.Stream, replays bool) string {
	line := scope(p.Streams, all) + ": "
	switch {
	case p.State == Failing && replays:
		line += "not replayed: "
	case p.State == Failing:
		line += "not collected: "
	}
	return line + causeText(p.Cause)
}

// endLine is the line about a problem that has ended.
func endLine(p Problem, now time.Time, all []source.Stream) string {
	return fmt.Sprintf("%s: over after %s: %s", scope(p.Streams, all), lasted(p, now), p.What)
}

// lasted is how long a problem has lasted, and how often it was met.
func lasted(p Problem, now time.Time) string {
	d := roundedDuration(now.Sub(p.Since))
	if p.Times > 1 {
		d += fmt.Sprintf(" (met %d times)", p.Times)
	}
	return d
}

// roundedDuration is a duration to the minute, or to the second if it is below one
// minute, in the form in which options have durations.
func roundedDuration(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Round(time.Second).Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}

// summary is what the first line about a tenant is made of.
type summary struct {
	tenant    string
	replays   bool
	all       []source.Stream // of the tenant
	collected []string        // content types
	pending   []string        // content types that are not collected and have no problem that prevents it
	problems  []Problem
	notes     []note
}

// line is the summary: what is collected, what is not, and what to do about it. Its
// level is that of the worst problem.
func (s summary) line() (logging.Level, string) {
	level := logging.Info
	var parts []string
	switch {
	case len(s.collected) > 0 && s.replays:
		parts = append(parts, "replaying "+enumerate(s.collected))
	case len(s.collected) > 0:
		parts = append(parts, "collecting "+enumerate(s.collected))
	case len(s.pending) < len(s.all) && s.replays:
		parts = append(parts, "nothing is replayed")
	case len(s.pending) < len(s.all):
		parts = append(parts, "nothing is collected")
	}
	if len(s.pending) > 0 {
		parts = append(parts, "no answer yet for "+enumerate(s.pending))
	}
	types := func(streams []source.Stream) string {
		here := typesOf(s.tenant, streams, s.all)
		if len(here) == len(s.all) {
			return ""
		}
		return enumerate(here) + " "
	}
	for i, p := range s.problems {
		level = min(level, p.level())
		part := ""
		if i == 0 && len(p.Streams) == len(s.all) && len(parts) == 1 && len(s.collected)+len(s.pending) == 0 {
			parts[0] += ": " + causeText(p.Cause)
			continue
		}
		switch who := types(p.Streams); {
		case who != "" && p.State == Failing && len(s.collected) > 0:
			part = "not " + strings.TrimSpace(who) + ": "
		case who != "":
			part = strings.TrimSpace(who) + ": "
		}
		parts = append(parts, part+causeText(p.Cause))
	}
	for _, n := range s.notes {
		part := n.text
		if who := types(n.streams); who != "" {
			part = strings.TrimSpace(who) + ": " + part
		}
		parts = append(parts, part)
	}
	return level, s.tenant + ": " + strings.Join(parts, "; ")
}
