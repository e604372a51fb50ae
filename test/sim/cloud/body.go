package cloud

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"
)

// brokenLength is a Content-Length that no body reaches.
const brokenLength = "1099511627776"

var errCut = errors.New("cut short by a fault")

// writeBody sends pieces as the body of an answer, compressed where the client
// asks for it, and lets the call's fault happen on the way. About n pieces are
// expected. It fails when the client did not get it all.
func (c *Cloud) writeBody(k *call, pieces iter.Seq[[]byte], n int) error {
	out := io.Writer(k.w)
	flush := http.NewResponseController(k.w).Flush
	var zip *gzip.Writer
	k.w.Header().Add("Vary", "Accept-Encoding")
	if strings.Contains(k.r.Header.Get("Accept-Encoding"), "gzip") {
		k.w.Header().Set("Content-Encoding", "gzip")
		zip = c.gzip(k.w)
		defer c.gzips.Put(zip)
		out = zip
		flush = func() error {
			return errors.Join(zip.Flush(), http.NewResponseController(k.w).Flush())
		}
	}
	f := k.fault
	if f != nil && f.Kind == Truncate {
		// More than will ever be sent: the server closes the connection.
		k.w.Header().Set("Content-Length", brokenLength)
	}
	i, at := 0, f.place(n)
	for piece := range pieces {
		if f != nil && i == at && f.cuts() {
			half := piece[:len(piece)/2]
			if _, err := out.Write(half); err != nil {
				return err
			}
			f.cut(k, flush, zip)
			return errCut
		}
		if f != nil && f.Kind == Insert && i == at {
			if _, err := io.WriteString(out, string(piece[0])+f.Text); err != nil {
				return err
			}
			piece[0] = ','
		}
		if _, err := out.Write(piece); err != nil {
			return err
		}
		if f != nil && f.Kind == Slow {
			if err := flush(); err != nil || !wait(k.r.Context(), f.Delay.Duration) {
				return errCut
			}
		}
		i++
	}
	if zip != nil {
		return zip.Close()
	}
	return nil
}

func (c *Cloud) gzip(w io.Writer) *gzip.Writer {
	if zip, ok := c.gzips.Get().(*gzip.Writer); ok {
		zip.Reset(w)
		return zip
	}
	zip, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
	return zip
}

// wait sleeps, unless ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
