package activity

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"runtime"
	"testing"
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
	}{
		{"refusal", 403, "x", false},
		{"refusal that is a bomb", 500, "x", true},
		{"refusal in JSON", 400, `{"error":{"message":"`, true},
		{"objects", 200, "[{},", true},
		{"one entry", 200, `[{"contentId":"`, true},
		{"brackets", 200, `[[[[[`, true},
		{"numbers", 200, `[1,1,1,1,1,1`, true},
		{"error object", 200, `{"error":`, true},
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
			if err == nil {
				t.Error("no error")
			}
			if n := after.HeapSys - before.HeapSys; after.HeapSys > before.HeapSys && n > held {
				t.Errorf("the heap grew by %d MB", n>>20)
			}
		})
	}
}
