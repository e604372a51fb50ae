package collector

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

var errReset = errors.New("connection reset by peer")

// sometimes fails with one of errs, at a rate.
func sometimes(random *rand.Rand, rate float64, errs ...error) func(source.Op) error {
	return func(source.Op) error {
		if random.Float64() >= rate {
			return nil
		}
		return errs[random.IntN(len(errs))]
	}
}

// fault is what requests of an operation fail with; all of them if op is "".
func fault(op source.Op, err error) func(source.Op) error {
	return func(o source.Op) error {
		if op == "" || o == op {
			return err
		}
		return nil
	}
}

// slowSource is a service whose downloads of one content type end with a timeout, as
// those of package activity do when the answer is slower than it allows.
type slowSource struct {
	*service
	contentType       string
	slowSubscriptions bool // the subscriptions too
}

type slowError struct{}

func (slowError) Error() string { return "the answer comes slower than 1024 bytes per second" }

func (slowError) Timeout() bool { return true }

func (s slowSource) wait(ctx context.Context) error {
	select {
	case <-time.After(time.Minute):
		return slowError{}
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s slowSource) Open(ctx context.Context, c source.Item) (io.ReadCloser, error) {
	if c.ContentType == s.contentType {
		return nil, s.wait(ctx)
	}
	return s.service.Open(ctx, c)
}

func (s slowSource) Subscriptions(ctx context.Context) ([]source.Subscription, time.Time, error) {
	if s.slowSubscriptions {
		return nil, time.Time{}, s.wait(ctx)
	}
	return s.service.Subscriptions(ctx)
}
