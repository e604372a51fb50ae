package elements

import (
	"fmt"
	"io"
	"slices"
)

const readSize = 64 << 10 // bytes asked of the reader at once

// window is the part of a body that is in memory: the element being cut, and
// what has been read behind it.
type window struct {
	r     io.Reader
	limit int // bytes an element may have

	buf     []byte
	start   int   // of the element in buf
	pos     int   // everything before has been looked at
	base    int64 // offset of buf[0] in the body
	dropped bool  // the element is over the limit, only its end is in buf
	err     error // why nothing more can be read
}

// more reads on. It keeps what is behind start, but if the element is over the
// limit only what is behind pos. It is false when there is nothing more.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	if w.dropped = w.dropped || w.pos-w.start > w.limit; w.dropped {
		w.start = w.pos
	}
	if w.start > 0 {
		w.base += int64(w.start)
		w.pos -= w.start
		w.buf = w.buf[:copy(w.buf, w.buf[w.start:])]
		w.start = 0
	}
	if cap(w.buf)-len(w.buf) < readSize/2 {
		w.buf = slices.Grow(w.buf, max(readSize, len(w.buf)))
	}
	for range 100 {
		var n int
		n, w.err = w.r.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf = w.buf[:len(w.buf)+n]
		if n > 0 {
			return true
		}
		if w.err != nil {
			return false
		}
	}
	w.err = io.ErrNoProgress
	return false
}

// peek moves to the next byte that is no white space. It is false when there is
// none.
func (w *window) peek() (byte, bool) {
	for {
		for ; w.pos < len(w.buf); w.pos++ {
			switch b := w.buf[w.pos]; b {
			case ' ', '\t', '\r', '\n':
			default:
				return b, true
			}
		}
		w.start = w.pos
		if !w.more() {
			return 0, false
		}
	}
}

// offset is the place of pos in the body.
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// cause is the error for a body that ends before its array.
func (w *window) cause() error {
	if w.err == io.EOF {
		return fmt.Errorf("body ends before its array: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("read body: %w", w.err)
}

// reuse empties a buffer for the next body, or drops a large one.
func reuse(b []byte) []byte {
	if cap(b) > 1<<20 {
		return nil
	}
	return b[:0]
}
