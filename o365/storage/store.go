// Package storage keeps objects in one container: in Azure Blob Storage, in a folder
// of this machine, or in memory. [Store] is the contract of all three, and one
// conformance suite holds each of them to it.
package storage

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Store is one container, or a folder of one. Objects have names such as
// tenant=T/date=2026-11-22/a.json.gz: parts with slashes between, of printable
// characters other than the backslash, none of them empty or with a dot at its start or
// end; 240 bytes a part and 1,024 in all at most. No object has the name of another's
// folder, as with a and a/b, which a disk can't keep.
//
// An object is seen whole or not at all, and what a call has returned without an error
// lasts: it is on the disk, or with the service. A call is retried where that can do no
// harm; what it then returns is for the caller to act on. That is one of the errors
// below, wrapped or bare, the context's, or an [*Error], which explains itself to the
// person who runs Fluent Bit.
//
// All calls may be made by several goroutines, and by several processes.
type Store interface {
	// Create begins an object that must not exist yet. Nobody sees it before
	// [Upload.Commit].
	Create(ctx context.Context, name string) (Upload, error)

	// Put stores an object of a few MB at most, in place of the version that the
	// caller has read: ErrChanged if there is another one by now, or none. With
	// version "" there must be no object yet: ErrExists.
	Put(ctx context.Context, name string, content []byte, metadata Metadata, version Version) (Version, error)

	// Get opens an object from its start: ErrNotFound if there is none. The caller
	// closes the reader. The reader ends with io.EOF only where it is complete, and
	// reads one version, also while the object is replaced.
	Get(ctx context.Context, name string) (io.ReadCloser, Info, error)

	// Stat returns what is known of an object: ErrNotFound if there is none.
	Stat(ctx context.Context, name string) (Info, error)

	// List returns the objects whose names begin with prefix and sort behind after,
	// in the order of the bytes of their names. Metadata is not among the facts. An
	// error ends the list. What comes and goes meanwhile may be missing.
	List(ctx context.Context, prefix, after string) iter.Seq2[Info, error]

	// Delete removes an object. It is no error if there is none.
	Delete(ctx context.Context, name string) error

	// Lease takes the lease of a name, for which no object needs to exist: ErrLeased
	// if somebody else has it. It ends by itself when it was not renewed for as long
	// as the term, 15 s to 60 s, which is how a process that died lets go.
	Lease(ctx context.Context, name string, term time.Duration) (Lease, error)
}

// Upload is an object that is being written. It is not safe for concurrent use. Its
// memory is bounded, whatever the object's size.
type Upload interface {
	// Write takes the next bytes. It waits while a block is sent.
	io.Writer
	// Commit ends the object and lets everybody see it: ErrExists if there is one of
	// that name by now, and then that one is as it was. It fails if a Write has.
	Commit(metadata Metadata) error
	// Abort gives the object up. After Commit it does nothing.
	Abort()
}

// Lease is held until Release, or until it was not renewed for its term.
type Lease interface {
	// Renew begins the term anew: ErrLeased if the lease was lost meanwhile.
	Renew(ctx context.Context) error
	Release(ctx context.Context) error
}

// Metadata are short texts beside an object: names of letters, digits and
// underscores, which begin with a letter and are all lower case, but not upload_id;
// values of ASCII characters, not empty, without blanks at their ends; 8 KB in all.
type Metadata map[string]string

// Version names one version of an object's content. It is never "".
type Version string

// Info is what is known of an object without its content.
type Info struct {
	Name     string
	Size     int64 // bytes
	Modified time.Time
	Version  Version
	Metadata Metadata
}

// The pauses before a store that cannot be used is tried again; they double.
const (
	FirstPause   = 5 * time.Second
	LongestPause = 2 * time.Minute
)

// The errors that callers act on.
var (
	ErrNotFound = errors.New("no such object")
	ErrExists   = errors.New("the object exists already")
	ErrChanged  = errors.New("the object has changed")
	ErrLeased   = errors.New("somebody else has the lease")
)

// errDone is of an upload that is used after its end, which is a bug.
var errDone = errors.New("the upload has ended")

// Error is a failure that the caller cannot mend.
type Error struct {
	// What says what fails, in plain words, such as "the key is wrong".
	What string
	// Do says what the person who runs Fluent Bit can do about it; "" where that is to
	// wait.
	Do string
	// Err is the cause.
	Err error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.What
	}
	return e.What + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }
