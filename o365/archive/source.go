package archive

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// keptSource is a source whose downloads are kept.
type keptSource struct {
	source.Source
	archive *Archive
	tenant  string
	metrics *metrics.Tenant
}

// keptSubscriber is one with subscriptions.
type keptSubscriber struct {
	*keptSource
	subscriber source.Subscriber
}

var (
	_ source.Source     = (*keptSource)(nil)
	_ source.Subscriber = (*keptSubscriber)(nil)
)

// Open implements [source.Source]. Its bodies are of the type [source.Keeper].
func (s *keptSource) Open(ctx context.Context, i source.Item) (io.ReadCloser, error) {
	ok, after, err := s.archive.away.try()
	if !ok {
		missing := &source.NotKept{Err: err, After: after}
		if i.Taken {
			return nil, missing
		}
		b, err := s.Source.Open(ctx, i)
		if err != nil {
			return nil, err
		}
		return &body{ReadCloser: b, missing: missing}, nil
	}
	c := s.archive.begin(s.tenant, i)
	b, err := s.Source.Open(transport.WithCopy(ctx, c.answer), i)
	if err != nil {
		c.drop()
		s.archive.away.unused()
		return nil, err
	}
	return &body{ReadCloser: b, content: c, metrics: s.metrics.Stream(i.ContentType)}, nil
}

// Subscriptions implements [source.Subscriber].
func (s *keptSubscriber) Subscriptions(ctx context.Context) ([]source.Subscription, time.Time, error) {
	return s.subscriber.Subscriptions(ctx)
}

// Start implements [source.Subscriber].
func (s *keptSubscriber) Start(ctx context.Context, contentType string) (started bool, _ error) {
	return s.subscriber.Start(ctx, contentType)
}

// body is the body of a download.
type body struct {
	io.ReadCloser
	content *content // nil: there is no copy
	missing error    // why
	metrics *metrics.Stream
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.content != nil {
		b.content.read(p[:n])
	}
	return n, err
}

// Keep implements [source.Keeper].
func (b *body) Keep(records int) error {
	if b.content == nil {
		return b.missing
	}
	a, c := b.content.archive, b.content
	b.content = nil
	size, err := c.keep(records)
	if err != nil && !errors.Is(err, errAnotherVersion) {
		return a.notKept(explained(err))
	}
	a.kept()
	if err != nil {
		b.metrics.ArchiveVersions.Add(1)
		return &source.NotKept{Err: err}
	}
	if size > 0 {
		b.metrics.Archived.Add(1)
		b.metrics.ArchivedBytes.Add(int(size))
	}
	return nil
}

// Close implements [io.Closer].
func (b *body) Close() error {
	if b.content != nil {
		b.content.drop()
		b.content.archive.away.unused()
		b.content = nil
	}
	return b.ReadCloser.Close()
}

// explained returns an error of the storage as one that explains itself.
func explained(err error) *storage.Error {
	var e *storage.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, errSlow):
		return &storage.Error{What: "the storage takes longer than " + patience.String() + " for one content", Err: err}
	}
	return &storage.Error{What: "the storage cannot be used", Err: err}
}
