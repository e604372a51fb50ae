// Package source is the contract between the collector and a source of audit
// content: which content exists, how it is listed and downloaded, and what a failed
// request means. [Source] is the interface; a source is a package in a folder below,
// and package o365 lists all of them.
package source

import (
	"context"
	"io"
	"time"
)

// Stream is the unit of collecting: one content type of one tenant, such as
// {"<guid>", "Audit.Exchange"}. Without a ContentType it stands for a whole tenant,
// without a Tenant for a whole input.
type Stream struct{ Tenant, ContentType string }

// Span is a span of time, From included and To excluded. It is about when content
// became available, not about when its records were made. Lists of spans are in
// whole seconds, UTC.
type Span struct{ From, To time.Time }

// ContentType is a kind of content that a source offers.
type ContentType struct {
	Name string // as users write it in content_types, such as Audit.Exchange
	Tag  string // the part of the tag behind tag_prefix, such as exchange
	// Permission is the application permission that a token needs for it, such as
	// ActivityFeed.Read.
	Permission string
	// SharedIDs is true where different records have the same Id by design.
	SharedIDs bool
	Limits
}

// Limits are the bounds of requests for a content type.
type Limits struct {
	// Retention is how long content can be listed and downloaded after it became
	// available.
	Retention time.Duration
	// Window is the longest span of one listing.
	Window time.Duration
	// Overlap is how much earlier than its span a listing begins, for a source that
	// is inexact there. It counts towards Window.
	Overlap time.Duration
	// StartPause is the shortest time between two starts of a subscription.
	StartPause time.Duration
}

// Item is one piece of content: a JSON array of records that can be downloaded
// until Expires. Times that the source left out or garbled are zero.
type Item struct {
	ContentType string
	ID          string    // 200 printable characters at most
	URI         string    // for the source alone; 8 KB at most
	Created     time.Time // when it became available, UTC
	Expires     time.Time // UTC
	// Taken is true where all records are taken already, and only a copy of the content
	// is missing (see [Keeper]).
	Taken bool
}

// Keeper is implemented by bodies of [Source.Open] whose content is kept elsewhere too,
// as it is read.
type Keeper interface {
	// Keep completes the copy. It is called once, when the body was read to its end and
	// all of its records are taken, with how many there are. An error, a
	// [*NotKept], means that there is no copy: the item must be downloaded again.
	Keep(records int) error
}

// Want selects the items of a page.
type Want struct {
	// New reports whether an item is new; nil: all are. Others are skipped. It is
	// called by the goroutine that called List.
	New func(id string) bool
	// Most is the largest number of new items to return; 0: the source decides. The
	// others are returned when the page is listed again.
	Most int
}

// Page is one page of a listing.
type Page struct {
	Items []Item // in the order of the service
	// Next names the next page for [Source.List]; it is empty on the last one.
	Next string
	// More is true where Want.Most cut the page: it must be listed again, with these
	// items no longer new, before Next.
	More bool
	// Bad is the number of entries that cannot be used, and FirstBad is the error of
	// the first of them. Such entries are not in Items.
	Bad      int
	FirstBad error
	// Date is the service's clock in its answer, UTC; zero if it has none.
	Date time.Time
}

// Source offers the content of one tenant.
//
// Its calls can be made by several goroutines at once. A source keeps no state
// between them, has no clock and retries nothing, with one exception: a token that
// the service refuses is renewed once within a call. When to call again is for the
// caller to decide, with [Source.Decide] as a guide.
//
// Every call, and every read of a body, returns soon after its context ends, and
// within a bounded time anyway. A call makes one request (two with that renewal, and
// those of a login), so that the caller can count requests against a quota.
//
// Errors of requests are of four kinds, all of them wrapped or bare: an [*Error] is an
// answer that refuses the request; a [*SignInError] means that there was no token, and
// nothing was sent; a *transport.OriginError means that an address lies elsewhere,
// and nothing was sent; any other is of the network, or an answer that cannot be
// read.
type Source interface {
	// List returns a page of a listing: its first one if next is empty, else the one
	// that Page.Next named. The listing is of what became available in the span,
	// which is in whole seconds, at most Limits.Window long, and begins at most
	// Limits.Retention ago.
	//
	// List is all or nothing: with an error, the page is empty. It changes nothing,
	// so the same page may be listed any number of times. A caller must expect that
	// an item is listed late (by hours or days), more than once, and on several
	// pages, and that a page is empty though it has a Next.
	List(ctx context.Context, contentType string, span Span, next string, want Want) (Page, error)

	// Open starts the download of an item, which can be downloaded any number of
	// times. The caller closes the reader, also after an error. The reader ends with
	// io.EOF only where the answer is complete; any other error means that it must be
	// downloaded again from its start. Its bytes, and their order, may differ
	// between two downloads.
	Open(ctx context.Context, item Item) (io.ReadCloser, error)

	// Decide returns what to do about the error of a call or of reading a body; nil
	// gives Done. It is a pure function: it makes no request, and does not know how
	// often a request has failed before.
	Decide(err error) Action

	// Explain describes the error of a call to the person who runs Fluent Bit. It is
	// a pure function. contentType is the one that was asked for, "" for a call about
	// the whole tenant; app is the application's id in the commands to run, "" if it
	// is not known. The error must not be nil.
	Explain(err error, contentType, app string) Explanation
}

// Subscriber is a [Source] that makes content only for subscriptions. Where a
// listing fails because one is off, [Source.Decide] returns [Subscribe].
type Subscriber interface {
	Source

	// Subscriptions returns the tenant's subscriptions of every content type, in any
	// order; those that were never started are absent. date is the service's clock,
	// UTC; zero if its answer has none. With an error the list is of no meaning.
	Subscriptions(ctx context.Context) (_ []Subscription, date time.Time, _ error)

	// Start starts a subscription. started is false if it was on already, which proves
	// that it was not off. Another start changes nothing, so after an error a caller
	// may start it again, after Limits.StartPause. Content may appear hours after it.
	Start(ctx context.Context, contentType string) (started bool, _ error)
}

// Tokens provides the bearer tokens of one tenant. It is safe for concurrent use.
type Tokens interface {
	// Token returns a token that is valid now, or the error of the login.
	Token(ctx context.Context) (string, error)
	// Reject reports that the service refused the token: Token must not return it
	// again.
	Reject(token string)
}

// Permitter is implemented by [Tokens] that can read what a token permits.
type Permitter interface {
	// Permits reports whether the last token is known to hold a permission.
	Permits(permission string) bool
	// Doubt is what else may be wrong with the login when a permission is missing: what
	// to do, or "".
	Doubt() string
}

// Subscription is the state of one content type's subscription.
type Subscription struct {
	ContentType string // in the service's spelling: letters may differ in case
	Enabled     bool   // content is made for it
}
