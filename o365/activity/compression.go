package activity

import (
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// decompress undoes a gzip Content-Encoding. The service may also answer
// plainly.
func decompress(h http.Header, body io.ReadCloser) (io.ReadCloser, error) {
	if !strings.EqualFold(h.Get("Content-Encoding"), "gzip") {
		return body, nil
	}
	z, err := gzip.NewReader(body)
	if err == io.EOF {
		return http.NoBody, body.Close()
	}
	if err != nil {
		return nil, err
	}
	return gunzipped{z, body}, nil
}

type gunzipped struct {
	*gzip.Reader
	body io.Closer
}

func (g gunzipped) Close() error { return g.body.Close() }
