package elements

import (
	"fmt"
	"io"
	"slices"
)

const (
	readSize = 64 << 10 // bytes asked of the reader at once
	headSize = 64 << 10 // bytes kept of an element over the limit
)

// LargeSize is the size in bytes from which on a buffer is large.
const LargeSize = 512 << 10

// Large is asked by who needs a large buffer, so that few are held at a time.
type Large interface {
	// Acquire waits for leave to have one. An error ends the body.
	Acquire() error
	// Release comes after it when the buffer has become small again.
	Release()
}

// window is the part of a body that is in memory: the element being cut, and
// what has been read behind it.
type window struct {
	r     io.Reader
	limit int // bytes an element may have

	buf     []byte
	start   int    // of the element in buf
	pos     int    // everything before has been looked at
	base    int64  // offset of buf[0] in the body
	dropped bool   // the element is over the limit, only its end is in buf
	head    []byte // what it began with
	large   Large  // asked before the buffer becomes large; nil: nobody
	isLarge bool
	err     error // why nothing more can be read
}

// more reads on. It keeps what is behind start, but if the element is over the
// limit only what is behind pos. It is false when there is nothing more.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	if !w.dropped && w.pos-w.start > w.limit {
		w.dropped = true
		w.head = append(w.head[:0], w.buf[w.start:w.start+min(headSize, w.limit)]...)
	}
	if w.dropped {
		w.start = w.pos
	}
	if w.start > 0 {
		w.base += int64(w.start)
		w.pos -= w.start
		w.buf = w.buf[:copy(w.buf, w.buf[w.start:])]
		w.start = 0
	}
	if w.isLarge && len(w.buf) < readSize {
		w.buf = append(make([]byte, 0, 2*readSize), w.buf...)
		w.shrink()
	}
	if cap(w.buf)-len(w.buf) < readSize/2 {
		size := cap(w.buf) + max(readSize, len(w.buf))
		if w.large != nil && !w.isLarge && size > LargeSize {
			if w.err = w.large.Acquire(); w.err != nil {
				return false
			}
			w.isLarge = true
		}
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

// shrink says that the buffer is not large any more.
func (w *window) shrink() {
	if w.isLarge {
		w.isLarge = false
		w.large.Release()
	}
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
