// Package source is what the collector and a source of audit content say to each
// other: which content there is, how much of it may be asked for at once, and what
// a failed request means. A source lives in a folder below; package o365 puts it
// together with the rest.
package source

import (
	"context"
	"io"
	"time"
)

// Stream is what is collected by itself: one content type of one tenant, e.g.
// {"<guid>", "Audit.Exchange"}. Without a ContentType it stands for all of its
// tenant, without a Tenant for all of an input.
type Stream struct{ Tenant, ContentType string }

// Span is [From, To) of the time at which content became available. Lists of spans
// are in whole seconds, UTC.
type Span struct{ From, To time.Time }

// ContentType is a kind of content that a source offers.
type ContentType struct {
	Name string // as users write it, e.g. Audit.Exchange
	Tag  string // what follows tag_prefix, e.g. exchange
	// Permission is the application permission that a token needs for it.
	Permission string
	// SharedIDs says that different records have the same Id by design.
	SharedIDs bool
	Limits
}

// Limits are how a source wants to be asked about a content type.
type Limits struct {
	// Retention is how long content is kept after it became available.
	Retention time.Duration
	// Window is how much time one listing may cover.
	Window time.Duration
	// Overlap is how much earlier than its span a listing begins, because of a
	// source that is inexact there. It counts towards Window.
	Overlap time.Duration
	// StartPause is the least time between two starts of a subscription.
	StartPause time.Duration
}

// Item is one piece of content, a JSON array of records that can be downloaded
// until Expires. Times that the source left out or garbled are zero.
type Item struct {
	ContentType string
	ID          string // 200 printable characters at most
	URI         string
	Created     time.Time // when it became available
	Expires     time.Time
}

// Want is which items of a page are asked for.
type Want struct {
	// New reports whether an item is new; nil: all are. Others are skipped. It is
	// called by whoever reads the page.
	New func(id string) bool
	// Most is how many new items are taken; 0 means as many as a page is good for.
	// Those behind come when the page is read again.
	Most int
}

// Page is one page of a listing.
type Page struct {
	Items []Item
	// Next names the next page for [Source.List]; empty on the last one.
	Next string
	// More says that the page has further items: it is to be read again when these
	// are not new any more.
	More bool
	// Bad is how many entries could not be used, and FirstBad why the first of
	// them could not.
	Bad      int
	FirstBad error
	// Date is the service's clock; zero if it did not say.
	Date time.Time
}

// Source offers the content of one tenant. It is safe for concurrent use, keeps
// neither state nor time, and retries nothing: the error of a call says by
// [Source.Decide] what is to be done. Every call ends when its context does, and
// within a bounded time anyway.
type Source interface {
	// List returns the page that next names of a listing, the first one if it is
	// empty. A listing is of what became available in the span: whole seconds, at
	// most Limits.Window long and Limits.Retention back. The same page may be asked
	// for any number of times. Items may appear later than they became available,
	// and more than once.
	List(ctx context.Context, contentType string, span Span, next string, want Want) (Page, error)
	// Open starts the download of an item. The reader ends with io.EOF only if
	// the answer was complete; it must be closed.
	Open(ctx context.Context, item Item) (io.ReadCloser, error)
	// Decide says what to do about the error of a call, nil included. It is a
	// pure function.
	Decide(err error) Action
	// Explain says in plain words what an error of a call means. contentType is
	// the one it was about, "" for the tenant; app is the application's id, for
	// commands that people are told to run, "" if it is not known.
	Explain(err error, contentType, app string) Explanation
}

// Subscriber is a [Source] that makes content only once somebody has asked for it.
type Subscriber interface {
	Source
	// Subscriptions lists the tenant's subscriptions; those that were never started
	// are absent. date is the service's clock; zero if it did not say.
	Subscriptions(ctx context.Context) (_ []Subscription, date time.Time, _ error)
	// Start starts a subscription. started is false if it was on already, which proves
	// that nothing is missing.
	Start(ctx context.Context, contentType string) (started bool, _ error)
}

// Subscription is the state of one content type's subscription.
type Subscription struct {
	ContentType string
	Enabled     bool // content is made for it
}
