package activity

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// readAhead is how many bytes are read from the network at once. HTTP/2 tells
// the server of each read that there is room again, and that costs more than
// to unpack what was read: a packet for every 4 KB, the default.
const readAhead = 32 << 10

// gunzips holds readers for the next body: the tables of one are larger than
// most bodies.
type gunzips struct{ sync.Pool }

// decompress undoes a gzip Content-Encoding. The service may also answer
// plainly.
func (g *gunzips) decompress(h http.Header, body io.ReadCloser) (io.ReadCloser, error) {
	if !strings.EqualFold(h.Get("Content-Encoding"), "gzip") {
		return body, nil
	}
	z, ok := g.Get().(*gunzip)
	if !ok {
		z = &gunzip{in: bufio.NewReaderSize(nil, readAhead)}
	}
	z.in.Reset(body)
	err := z.out.Reset(z.in)
	if err == io.EOF {
		g.Put(z)
		return http.NoBody, body.Close()
	}
	if err != nil {
		return nil, err
	}
	return &gunzipped{z: z, body: body, from: g}, nil
}

type gunzip struct {
	in  *bufio.Reader
	out gzip.Reader
}

// gunzipped is a body that is unpacked as it is read. Unlike other bodies it
// must not be closed while it is.
type gunzipped struct {
	z    *gunzip // nil once closed
	body io.Closer
	from *gunzips
}

func (b *gunzipped) Read(p []byte) (int, error) {
	if b.z == nil {
		return 0, http.ErrBodyReadAfterClose
	}
	return b.z.out.Read(p)
}

func (b *gunzipped) Close() error {
	if z := b.z; z != nil {
		b.z = nil
		z.in.Reset(nil)
		b.from.Put(z)
	}
	return b.body.Close()
}
