package transport

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"testing"
)

// closable is a body that notes whether it has been closed.
type closable struct {
	io.Reader
	closed bool
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}

func TestGunzip(t *testing.T) {
	text := bytes.Repeat([]byte(`{"Id":"1"},`), 1e4)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(text)
	z.Close()
	g := &Gunzip{}
	for _, tt := range []struct {
		name, encoding string
		body           []byte
		want           []byte
		err            string
	}{
		{"plain", "", text, text, ""},
		{"gzip", "gzip", zipped.Bytes(), text, ""},
		{"in capitals", "GZIP", zipped.Bytes(), text, ""},
		{"empty", "gzip", nil, nil, ""},
		{"cut off", "gzip", zipped.Bytes()[:zipped.Len()-9], nil, "unexpected EOF"},
		{"not gzip", "gzip", text, nil, "gzip: invalid header"},
		{"after a failure", "gzip", zipped.Bytes(), text, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := &closable{Reader: bytes.NewReader(tt.body)}
			g.Next = roundTrip(func(r *http.Request) (*http.Response, error) {
				if got := r.Header.Get("Accept-Encoding"); got != "gzip" {
					t.Errorf("asked for %q", got)
				}
				header := http.Header{"Content-Encoding": {tt.encoding}, "Content-Length": {strconv.Itoa(len(tt.body))}}
				return &http.Response{Header: header, ContentLength: int64(len(tt.body)), Body: body}, nil
			})
			request := &http.Request{Header: http.Header{}}
			resp, err := g.RoundTrip(request)
			var got []byte
			if err == nil {
				packed, length := resp.Header.Get("Content-Encoding") != "", resp.Header.Get("Content-Length") != ""
				if unpacked := tt.encoding != ""; resp.Uncompressed != unpacked || (resp.ContentLength < 0) != unpacked || packed || length == unpacked {
					t.Errorf("uncompressed %v, %d bytes, %v", resp.Uncompressed, resp.ContentLength, resp.Header)
				}
				got, err = io.ReadAll(resp.Body)
				resp.Body.Close()
				if _, again := resp.Body.Read(make([]byte, 1)); again != http.ErrBodyReadAfterClose && tt.encoding != "" && tt.body != nil {
					t.Errorf("a closed body gives %v", again)
				}
			}
			if err == nil && tt.err != "" || err != nil && err.Error() != tt.err {
				t.Errorf("got %v, want %q", err, tt.err)
			}
			if tt.err == "" && !bytes.Equal(got, tt.want) {
				t.Errorf("got %d bytes, want %d", len(got), len(tt.want))
			}
			if !body.closed {
				t.Error("the body is not closed")
			}
			if len(request.Header) > 0 {
				t.Errorf("the caller's request was changed: %v", request.Header)
			}
		})
	}
}
