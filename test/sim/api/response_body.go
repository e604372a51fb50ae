package api

import (
	"bufio"
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
// asks for it, and lets the request's fault happen on the way. About n pieces are
// expected. It fails when the client did not get it all.
func (c *Service) writeBody(req *request, pieces iter.Seq[[]byte], n int) error {
	wire := bufio.NewWriterSize(req.w, 32<<10)
	out := io.Writer(wire)
	var zip *gzip.Writer
	req.w.Header().Add("Vary", "Accept-Encoding")
	if req.takesGzip() {
		req.w.Header().Set("Content-Encoding", "gzip")
		zip = c.gzip(wire)
		defer c.gzips.Put(zip)
		out = zip
	}
	flush := func() error {
		var err error
		if zip != nil {
			err = zip.Flush()
		}
		return errors.Join(err, wire.Flush(), http.NewResponseController(req.w).Flush())
	}
	f := req.fault
	if f != nil && f.Kind == Truncate {
		// More than will ever be sent: the server closes the connection.
		req.w.Header().Set("Content-Length", brokenLength)
	}
	i, at := 0, f.piece(n)
	for piece := range req.form(pieces, n) {
		if f != nil && i == at && f.cuts() {
			half := piece[:len(piece)/2]
			if _, err := out.Write(half); err != nil {
				return err
			}
			if zip != nil && f.Kind == Cut {
				_ = zip.Close()
			}
			_ = flush()
			f.breakOff(req)
			return errCut
		}
		if i == at && n > 0 {
			for text := range req.elements() {
				if _, err := io.WriteString(out, string(piece[0])+text); err != nil {
					return err
				}
				piece[0] = ','
			}
		}
		if f != nil && f.Kind == Drip {
			if err := drip(req, out, flush, piece); err != nil {
				return err
			}
			i++
			continue
		}
		if _, err := out.Write(piece); err != nil {
			return err
		}
		if f != nil && f.Kind == Slow {
			if err := flush(); err != nil || !wait(req.r.Context(), f.Delay.Duration) {
				return errCut
			}
		}
		i++
	}
	if zip != nil {
		if err := zip.Close(); err != nil {
			return err
		}
	}
	return wire.Flush()
}

// drip writes a piece byte by byte, with the fault's pause between any two.
func drip(req *request, out io.Writer, flush func() error, piece []byte) error {
	for i := range piece {
		if _, err := out.Write(piece[i : i+1]); err != nil {
			return err
		}
		if err := flush(); err != nil || !wait(req.r.Context(), req.fault.Delay.Duration) {
			return errCut
		}
	}
	return nil
}

func (req *request) takesGzip() bool {
	return strings.Contains(req.r.Header.Get("Accept-Encoding"), "gzip")
}

func (c *Service) gzip(w io.Writer) *gzip.Writer {
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

// array puts brackets around elements and commas between them. A piece is valid
// until the next one.
func array[T []byte | string](elements iter.Seq[T]) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		piece := []byte{'['}
		for e := range elements {
			piece = append(piece, e...)
			if !yield(piece) {
				return
			}
			piece = append(piece[:0], ',')
		}
		if piece[0] == ',' {
			piece = piece[:0]
		}
		yield(append(piece, ']'))
	}
}
