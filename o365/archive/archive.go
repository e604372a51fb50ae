// Package archive keeps the content of a source as it was served: each piece once, as an
// object of a [storage.Store].
//
// # The way of one content
//
//   - [Archive.Source] returns a source whose downloads are kept while they are read.
//   - body (source.go) sees the bytes as they were served and as they are read, and
//     makes the object of them (content.go): of the format json it is the answer of the
//     service, still compressed.
//   - sender (sender.go) writes the object in blocks, in a goroutine of its own.
//   - body.Keep ends the object, once the records have gone their way. Only then does the
//     item count as delivered.
//
// While the storage is away (away.go), records flow without copies, and their items are
// downloaded again later.
//
// The names of objects, and what they say, are in name.go.
package archive

import (
	"context"
	"errors"
	"sync"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// Config is what an Archive needs.
type Config struct {
	Store  storage.Store
	Format Format
	// Report is called with the error that makes the storage unusable, and with nil when
	// it works again; also with the first success. It must not block.
	Report func(err *storage.Error)
	// Go runs a function in a goroutine that the caller waits for at the end.
	Go func(f func())
}

// Archive is safe for concurrent use.
type Archive struct {
	config Config
	away   away
	ctx    context.Context // of all uploads
	cancel context.CancelFunc

	mu      sync.Mutex
	numbers map[string]int // the version to write next, by the name of the first one
}

// New returns an Archive. It makes no request.
func New(c Config) *Archive {
	a := &Archive{config: c, numbers: make(map[string]int)}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a
}

// Close breaks off what is being written, without waiting for it.
func (a *Archive) Close() { a.cancel() }

// Source returns a source that keeps what is downloaded from s. It implements
// [source.Subscriber] if s does.
func (a *Archive) Source(tenant string, s source.Source, m *metrics.Tenant) source.Source {
	kept := &keptSource{Source: s, archive: a, tenant: tenant, metrics: m}
	if sub, ok := s.(source.Subscriber); ok {
		return &keptSubscriber{kept, sub}
	}
	return kept
}

// number returns the version of a content that is to be written, from 1.
func (a *Archive) number(name string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return max(1, a.numbers[name])
}

const (
	// mostNumbers is how many contents are remembered of which another version is to be
	// written.
	mostNumbers = 100
	// mostVersions is how many versions of one content are kept.
	mostVersions = 100
)

func (a *Archive) setNumber(name string, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.numbers) >= mostNumbers {
		clear(a.numbers)
	}
	a.numbers[name] = n
}

func (a *Archive) forgetNumber(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.numbers, name)
}

// notKept returns the error for a content without a copy, and notes that the storage is
// away. It is for errors of the storage alone.
func (a *Archive) notKept(err *storage.Error) error {
	news, after := a.away.failed(err)
	if news && a.ctx.Err() == nil { // else the input is being closed
		a.config.Report(err)
	}
	return &source.NotKept{Err: err, After: after}
}

// kept notes that the storage works.
func (a *Archive) kept() {
	if a.away.worked() {
		a.config.Report(nil)
	}
}

var errAnotherVersion = errors.New("the content is not what was archived before; it is downloaded again to keep both")
