package activity

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Whatever an answer's size, little of it is held.
func TestAnswersAreBounded(t *testing.T) {
	const most, huge, held = 64 << 20, 2 << 30, 48 << 20
	for _, tt := range []struct {
		name   string
		status int
		text   string
		zipped bool
		larger bool // what it would be by itself is no error
	}{
		{"refusal", 403, "x", false, false},
		{"refusal that is a bomb", 500, "x", true, false},
		{"refusal in JSON", 400, `{"error":{"message":"`, true, false},
		{"objects", 200, "[{},", true, true},
		{"one entry", 200, `[{"contentId":"`, true, true},
		{"brackets", 200, `[[[[[`, true, true},
		{"numbers", 200, `[1,1,1,1,1,1`, true, true},
		{"error object", 200, `{"error":`, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) {
				out := io.Writer(w)
				if tt.zipped {
					w.Header().Set("Content-Encoding", "gzip")
				}
				w.WriteHeader(tt.status)
				if tt.zipped {
					zip, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
					defer zip.Close()
					out = zip
				}
				piece := bytes.Repeat([]byte(tt.text), (1<<20)/len(tt.text))
				for n := 0; n < huge; n += len(piece) {
					if _, err := out.Write(piece); err != nil || r.Context().Err() != nil {
						return
					}
				}
			})
			if c.maxAnswer != 1<<30 {
				t.Errorf("%d bytes are read at most", c.maxAnswer)
			}
			c.maxAnswer = most // 1 GB takes seconds to read
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			_, err := c.List(t.Context(), General, source.Span{From: time.Now(), To: time.Now()}, "", source.Want{})
			runtime.ReadMemStats(&after)
			if err == nil || tt.larger != strings.HasSuffix(err.Error(), "answer: larger than 64 MB") {
				t.Errorf("%v", err)
			}
			if n := after.HeapSys - before.HeapSys; after.HeapSys > before.HeapSys && n > held {
				t.Errorf("the heap grew by %d MB", n>>20)
			}
		})
	}
}

// A part of what was asked for is a refusal, and a mark of which the bytes come one by
// one is none of the answer.
func TestAnswersInParts(t *testing.T) {
	status := http.StatusPartialContent
	c := client(t, func(r *http.Request) (*http.Response, error) {
		return answer(r, status, http.Header{}, iotest.OneByteReader(strings.NewReader(byteOrderMark+" "+byteOrderMark+"[]")))
	})
	list := func() error {
		_, err := c.List(t.Context(), General, source.Span{}, "", source.Want{})
		return err
	}
	var refusal *source.Error
	if err := list(); !errors.As(err, &refusal) || refusal.Status != status {
		t.Errorf("got %v", err)
	}
	if status = http.StatusOK; list() != nil {
		t.Errorf("got %v", list())
	}
}
