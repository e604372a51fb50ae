package source

import (
	"fmt"
	"strings"
	"time"
)

// Op is a kind of request, as errors, log lines and metrics name it.
type Op string

// The kinds of requests.
const (
	OpToken         Op = "token"         // a login
	OpSubscriptions Op = "subscriptions" // listing them
	OpStart         Op = "start"         // of a subscription
	OpList          Op = "list"          // of content
	OpDownload      Op = "download"      // of an item
)

// Action is what to do about the outcome of a request.
type Action int

// The actions.
const (
	// Done: there is nothing to do, the request has its effect.
	Done Action = iota
	// Retry the same request after a growing pause.
	Retry
	// Throttle: pause every request of the tenant, then go slower.
	Throttle
	// Subscribe: start the subscription, then retry.
	Subscribe
	// Relist: begin the listing again at its first page.
	Relist
	// Clamp: correct the clock by the answer's date, cut the window to what
	// the source allows, and retry.
	Clamp
	// Absent: the item is not there; retry a few times, then it is lost.
	Absent
	// Lost: the item is gone for good.
	Lost
	// Configure: somebody must change something; retry slowly.
	Configure
)

func (a Action) String() string {
	return [...]string{"done", "retry", "throttle", "subscribe", "relist", "clamp", "absent", "lost", "configure"}[a]
}

// Error is a refusal by the service.
type Error struct {
	Op     Op
	Status int // of HTTP
	// Code is the service's own, such as AF20022; empty if the answer had none.
	Code    string
	Message string // one line
	// RetryAfter is how long the service asked to wait; zero if it did not.
	RetryAfter time.Duration
	// Date is the service's clock; zero if it did not say.
	Date time.Time
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: HTTP %d", e.Op, e.Status)
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	return b.String()
}

// SignInError says that there is no token for a request, which was not sent. The
// cause tells with a method Configuration() bool whether somebody has to change
// something.
type SignInError struct{ Err error }

func (e *SignInError) Error() string { return "sign in: " + e.Err.Error() }
func (e *SignInError) Unwrap() error { return e.Err }

// Topic is what an explanation is about.
type Topic int

// The topics.
const (
	Service     Topic = iota // the requests themselves
	SignIn                   // the login
	Permission               // what the application may do
	Auditing                 // the tenant records nothing
	Subscribing              // there is no subscription
)

// Explanation is an error in plain words.
type Explanation struct {
	Topic  Topic
	What   string // is wrong
	Do     string // to fix it: a command, a portal step, or that nothing need be done
	Detail string // what the service said
}
