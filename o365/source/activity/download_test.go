package activity

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

func TestDownloads(t *testing.T) {
	plain := []byte(`[{"Id":"1"},{"Id":"2"}]`)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(plain)
	z.Close()
	for _, tt := range []struct {
		name   string
		header http.Header
		body   []byte
		stall  bool
		want   string // error
	}{
		{"plain", nil, plain, false, ""},
		{"gzip", http.Header{"Content-Encoding": {"gzip"}}, zipped.Bytes(), false, ""},
		{"gzip cut off", http.Header{"Content-Encoding": {"gzip"}}, zipped.Bytes()[:zipped.Len()-9], false, "unexpected EOF"},
		{"no gzip", http.Header{"Content-Encoding": {"gzip"}}, plain, false, "download: gzip: invalid header"},
		{"shorter than its Content-Length", http.Header{"Content-Length": {"100"}}, plain, false, "unexpected EOF"},
		{"stalled", nil, plain, true, "no answer within request_timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			timeout := time.Duration(0)
			if tt.stall {
				timeout = 300 * time.Millisecond
			}
			c, server := serve(t, nil, timeout, func(w http.ResponseWriter, r *http.Request) {
				for k, v := range tt.header {
					w.Header()[k] = v
				}
				w.Write(tt.body)
				if tt.stall {
					w.(http.Flusher).Flush()
					<-r.Context().Done()
				}
			})
			body, err := c.Open(t.Context(), source.Item{URI: server.URL})
			var got []byte
			if err == nil {
				got, err = io.ReadAll(body)
				body.Close()
			}
			if errorText(err) != tt.want && !(tt.stall && errors.Is(err, transport.ErrStalled)) {
				t.Fatalf("got error %q, want %q", errorText(err), tt.want)
			}
			if tt.want == "" && !bytes.Equal(got, plain) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// A reader that waits between two reads, for Fluent Bit to take records, is
// no stalled service.
func TestSlowReaderIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		large := bytes.Repeat([]byte(" "), 4<<20)
		c := client(t, func(r *http.Request) (*http.Response, error) {
			return answer(r, http.StatusOK, nil, bytes.NewReader(append([]byte("["), large...)))
		})
		body, err := c.Open(t.Context(), source.Item{URI: "/item"})
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		if _, err := io.ReadFull(body, make([]byte, 1<<10)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * defaultTimeout / 2)
		rest, err := io.ReadAll(body)
		if err != nil || len(rest) != 1+len(large)-1<<10 {
			t.Errorf("got %d bytes, %v", len(rest), err)
		}
	})
}
