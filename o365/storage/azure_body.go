package storage

import (
	"bytes"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// requestBody is the body of a request, of which each try has a reader of its own. The
// SDK would rewind one reader, from which Go's transport may still read for a try that
// has been answered: it then takes away what the next try is to send.
type requestBody struct {
	*bytes.Reader // for the SDK, to measure it
	content       []byte
	reading       atomic.Int32
}

func newBody(content []byte) *requestBody {
	return &requestBody{Reader: bytes.NewReader(content), content: content}
}

func (b *requestBody) Close() error { return nil }

// idle reports whether no try reads the content any more, so that it may be changed.
func (b *requestBody) idle() bool { return b.reading.Load() == 0 }

// freshBody is a policy for each try.
func freshBody(r *policy.Request) (*http.Response, error) {
	if b, ok := r.Body().(*requestBody); ok {
		b.reading.Add(1)
		r.Raw().Body = &tryBody{Reader: bytes.NewReader(b.content), closed: sync.OnceFunc(func() { b.reading.Add(-1) })}
	}
	return r.Next()
}

type tryBody struct {
	*bytes.Reader
	closed func()
}

// Close is called by the transport when it reads no more, perhaps after the answer.
func (b *tryBody) Close() error {
	b.closed()
	return nil
}
