package storage

import (
	"context"
	"io"
)

// wholeReader ends with [io.EOF] only where it has read all bytes of an object.
type wholeReader struct {
	ctx     context.Context
	body    io.ReadCloser
	left    int64
	explain func(error) error
}

func (r *wholeReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	if int64(len(p)) > r.left {
		p = p[:max(r.left, 1)] // one more, to meet the end
	}
	n, err := r.body.Read(p)
	r.left -= int64(n)
	switch {
	case r.left < 0, err == io.EOF && r.left > 0:
		return max(0, n+int(min(0, r.left))), r.explain(io.ErrUnexpectedEOF)
	case err != nil && err != io.EOF:
		return n, r.explain(err)
	}
	return n, err
}

func (r *wholeReader) Close() error { return r.body.Close() }
