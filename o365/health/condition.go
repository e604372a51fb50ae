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

// The conditions, in the order in which they are told.
const (
	Stopped      Condition = "stopped"      // a mistake in the plugin
	SignIn       Condition = "sign_in"      // no token can be had
	Permission   Condition = "permission"   // the app may not read the content
	Auditing     Condition = "auditing"     // the tenant records nothing
	Subscription Condition = "subscription" // there is none, or it was disabled
	Listing      Condition = "listing"      // the service does not say what there is
	DB           Condition = "db"           // what was delivered can't be remembered
	Output       Condition = "output"       // Fluent Bit takes nothing
	Throttled    Condition = "throttled"    // the service refuses most requests
	Download     Condition = "download"     // some content can't be downloaded
	Renewal      Condition = "renewal"      // the login works, but not with the newest credential
	Expiry       Condition = "expiry"       // the credential ends soon
	Clock        Condition = "clock"        // that of this machine is wrong
)

var conditions = []Condition{
	Stopped, SignIn, Permission, Auditing, Subscription, Listing, DB, Output, Throttled, Download, Renewal, Expiry, Clock,
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

// topic is what makes two problems one: whatever the details say.
type topic struct {
	condition Condition
	what, do  string
}

func (p Problem) topic() topic { return topic{p.Condition, p.What, p.Do} }

// level is how a problem is logged: as an error if somebody has to act now.
func (p Problem) level() logging.Level {
	switch p.Condition {
	case Output, Renewal, Expiry, Clock:
		return logging.Warn // nothing is lost meanwhile
	}
	if p.Passing {
		return logging.Warn
	}
	return logging.Error
}

// stateOf is the state of a stream that has these problems, worst first.
func stateOf(listed bool, problems []Problem) State {
	switch {
	case len(problems) > 0:
		return problems[0].State
	case listed:
		return OK
	}
	return Starting
}

// worstFirst orders problems: failing before degraded, then as the conditions
// are listed.
func worstFirst(a, b Problem) int {
	if a.State != b.State {
		if a.State == Failing {
			return -1
		}
		return 1
	}
	return cmp.Compare(slices.Index(conditions, a.Condition), slices.Index(conditions, b.Condition))
}

// fold makes one problem of all that have one topic, with the streams of all
// of them, and sorts them.
func fold(problems []Problem) []Problem {
	var folded []Problem
	for _, p := range problems {
		i := slices.IndexFunc(folded, func(f Problem) bool { return f.topic() == p.topic() })
		if i < 0 {
			p.Streams = slices.Clone(p.Streams)
			folded = append(folded, p)
			continue
		}
		f := &folded[i]
		f.Streams = append(f.Streams, p.Streams...)
		f.Times = max(f.Times, p.Times)
		f.Passing = f.Passing && p.Passing
		if p.State == Failing {
			f.State = Failing
		}
		if p.Since.Before(f.Since) {
			f.Since = p.Since
		}
	}
	slices.SortStableFunc(folded, worstFirst)
	return folded
}
