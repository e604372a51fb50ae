package transport

import (
	"bufio"
	"context"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// Gunzip is a round tripper that asks for answers in gzip and unpacks them as
// they are read. An answer that is not compressed passes as it is. net/http would do
// the same, but takes a quarter longer and reads less at once.
type Gunzip struct {
	Next http.RoundTripper

	// readers are for the next bodies: the tables of one are larger than most
	// bodies.
	readers sync.Pool
}

// networkReadSize is how many bytes are read from the network at once. HTTP/2
// acknowledges each read to the server, and that costs more than to unpack what
// was read: a packet for every 4 KB, the default of bufio.
const networkReadSize = 32 << 10

// RoundTrip implements [http.RoundTripper]. Its error is that of Next, or that of
// a body that does not begin as gzip does; an empty body is no error. Unlike other
// bodies, the answer's must not be closed while it is being read.
func (g *Gunzip) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.WithContext(r.Context())
	r.Header = maps.Clone(r.Header)
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := g.Next.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	packed := strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip")
	served := resp.Body
	if begin, ok := r.Context().Value(copyKey{}).(func(packed bool) io.Writer); ok {
		if w := begin(packed); packed {
			served = readCloser{io.TeeReader(served, w), served}
		}
	}
	if !packed {
		return resp, nil
	}
	body, err := g.unpack(served)
	if err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	resp.Body, resp.ContentLength, resp.Uncompressed = body, -1, true
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	return resp, nil
}

// copyKey is the context key of WithCopy.
type copyKey struct{}

// WithCopy returns a context for a request through [Gunzip]. begin is called when an
// answer begins, and once more for each repetition of the request, with whether it is in
// gzip. Such an answer is written, as it is read and before it is unpacked, to what begin
// returns; another one is not copied. An error of the writer is one of the read.
func WithCopy(ctx context.Context, begin func(packed bool) io.Writer) context.Context {
	return context.WithValue(ctx, copyKey{}, begin)
}

// readCloser reads from one and closes another.
type readCloser struct {
	io.Reader
	io.Closer
}

func (g *Gunzip) unpack(body io.ReadCloser) (io.ReadCloser, error) {
	r, ok := g.readers.Get().(*gzipReader)
	if !ok {
		r = &gzipReader{in: bufio.NewReaderSize(nil, networkReadSize)}
	}
	r.in.Reset(body)
	err := r.out.Reset(r.in)
	if err == io.EOF { // the body is empty
		g.readers.Put(r)
		return http.NoBody, body.Close()
	}
	if err != nil {
		return nil, err
	}
	return &unpackedBody{reader: r, body: body, readers: &g.readers}, nil
}

type gzipReader struct {
	in  *bufio.Reader
	out gzip.Reader
}

// unpackedBody is a body that is unpacked as it is read.
type unpackedBody struct {
	reader  *gzipReader // nil once closed
	body    io.Closer
	readers *sync.Pool
}

func (b *unpackedBody) Read(p []byte) (int, error) {
	if b.reader == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	return b.reader.out.Read(p)
}

func (b *unpackedBody) Close() error {
	if r := b.reader; r != nil {
		b.reader = nil
		r.in.Reset(nil)
		b.readers.Put(r)
	}
	return b.body.Close()
}
