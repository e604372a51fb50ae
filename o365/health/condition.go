package health

import (
	"cmp"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Condition is a way in which collecting can go wrong. A stream has each at
// most once at a time.
type Condition string

// The conditions, the most severe first: lines and records list them in this order.
const (
	Stopped      Condition = "stopped"      // by a bug of the plugin
	SignIn       Condition = "sign_in"      // the login fails
	Permission   Condition = "permission"   // the app may not read the content
	Auditing     Condition = "auditing"     // the tenant records nothing
	Subscription Condition = "subscription" // missing or disabled
	Listing      Condition = "listing"      // the content cannot be listed
	DB           Condition = "db"           // the state file cannot be written
	Archive      Condition = "archive"      // the archive cannot be written
	Output       Condition = "output"       // Fluent Bit accepts no records
	Throttled    Condition = "throttled"    // the service refuses most requests
	Download     Condition = "download"     // some content cannot be downloaded
	Renewal      Condition = "renewal"      // the login works, but not with the newest credential
	Expiry       Condition = "expiry"       // the credential expires soon
	Clock        Condition = "clock"        // this machine's clock is wrong
)

var conditions = []Condition{
	Stopped, SignIn, Permission, Auditing, Subscription, Listing, DB, Archive, Output, Throttled, Download, Renewal, Expiry, Clock,
}

// Problem is a condition that streams have for one cause.
type Problem struct {
	Condition Condition
	State     State // Degraded or Failing
	Cause
	Since   time.Time
	Times   int // how often it was met
	Streams []source.Stream
}

// problemKey identifies a problem: two with one key are the same, whatever their
// details and streams.
type problemKey struct {
	condition Condition
	what, do  string
}

func (p Problem) key() problemKey { return problemKey{p.Condition, p.What, p.Do} }

// level is that of a problem's line: an error if somebody has to act now.
func (p Problem) level() logging.Level {
	switch p.Condition {
	case Output, Renewal, Expiry, Clock:
		return logging.Warn // nothing is lost meanwhile
	}
	if p.Transient {
		return logging.Warn
	}
	return logging.Error
}

// stateOf is the state of a stream with these problems, which are sorted.
func stateOf(listed bool, problems []Problem) State {
	switch {
	case len(problems) > 0:
		return problems[0].State
	case listed:
		return OK
	}
	return Starting
}

// worstFirst compares problems: Failing before Degraded, then in the order of the
// conditions.
func worstFirst(a, b Problem) int {
	if a.State != b.State {
		if a.State == Failing {
			return -1
		}
		return 1
	}
	return cmp.Compare(slices.Index(conditions, a.Condition), slices.Index(conditions, b.Condition))
}

// merge makes one problem of all that have one key, with the streams of all of
// them, and sorts the result.
func merge(problems []Problem) []Problem {
	var merged []Problem
	for _, p := range problems {
		i := slices.IndexFunc(merged, func(m Problem) bool { return m.key() == p.key() })
		if i < 0 {
			p.Streams = slices.Clone(p.Streams)
			merged = append(merged, p)
			continue
		}
		m := &merged[i]
		m.Streams = append(m.Streams, p.Streams...)
		m.Times = max(m.Times, p.Times)
		m.Transient = m.Transient && p.Transient
		if p.State == Failing {
			m.State = Failing
		}
		if p.Since.Before(m.Since) {
			m.Since = p.Since
		}
	}
	slices.SortStableFunc(merged, worstFirst)
	return merged
}
