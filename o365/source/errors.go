package source

import (
	"fmt"
	"strings"
	"time"
)

// Op is a kind of request, in the words of errors, log lines and the label operation
// of metrics.
type Op string

// The kinds of requests.
const (
	OpToken         Op = "token"         // a login
	OpSubscriptions Op = "subscriptions" // a list of subscriptions
	OpStart         Op = "start"         // the start of a subscription
	OpList          Op = "list"          // a page of a listing
	OpDownload      Op = "download"      // an item
)

// Action is what to do about the outcome of a request. How long a back-off is, and
// when it ends, is for the collector to decide.
type Action int

// The actions.
const (
	// Done: the request has had its effect, also where its error is not nil.
	Done Action = iota
	// Retry the same request after a back-off.
	Retry
	// Throttle: pause all requests of the tenant, for Error.RetryAfter at least, and
	// then make fewer.
	Throttle
	// Subscribe: start the subscription, then retry.
	Subscribe
	// Relist: begin the listing again at its first page.
	Relist
	// Clamp: correct the clock by the answer's date, cut the span of the listing to
	// what the source allows, and retry.
	Clamp
	// Absent: the item is not there; retry a few times, then it is lost.
	Absent
	// Lost: the item cannot be downloaded any more.
	Lost
	// Configure: somebody must change a setting; retry at long intervals.
	Configure
)

func (a Action) String() string {
	return [...]string{"done", "retry", "throttle", "subscribe", "relist", "clamp", "absent", "lost", "configure"}[a]
}

// Error is an answer of the service that refuses a request.
type Error struct {
	Op     Op
	Status int // of HTTP; 200 for an error with that status
	// Code is the service's own, such as AF20022; empty if the answer has none.
	Code    string
	Message string // of the service: one printable line without secrets
	// RetryAfter is how long the service asks to wait; zero if it does not.
	RetryAfter time.Duration
	// Date is the service's clock, UTC; zero if the answer has none.
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

// SignInError means that there was no token for a request, which was not sent. Where
// Err has a method Configuration() bool, that reports whether somebody must change a
// setting.
type SignInError struct{ Err error }

func (e *SignInError) Error() string { return "sign in: " + e.Err.Error() }
func (e *SignInError) Unwrap() error { return e.Err }

// NotKept means that all of an item's records are taken, but that there is no copy of
// its content yet (see [Keeper]).
type NotKept struct {
	Err error
	// After is when it is worth another download, from now on.
	After time.Duration
}

func (e *NotKept) Error() string { return "archive: " + e.Err.Error() }
func (e *NotKept) Unwrap() error { return e.Err }

// Topic is what an [Explanation] is about. It selects the condition that is shown.
type Topic int

// The topics.
const (
	Service     Topic = iota // requests in general
	SignIn                   // the login
	Permission               // a permission of the application
	Auditing                 // the tenant records nothing
	Subscribing              // the subscription is off
)

// Explanation describes an error in plain words, for log lines and mails.
type Explanation struct {
	Topic  Topic
	What   string // what is wrong, without a full stop
	Do     string // how to fix it: a command, a step in a portal, or that nothing need be done
	Detail string // the error's text
}
