package elements

import (
	"fmt"
	"io"
)

// FreeSize is how large the window may become without asking Resize.
const FreeSize = 256 << 10

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
	keep    int   // bytes of the element that are held
	dropped bool  // the element is over that, only its end is in buf
	err     error // why nothing more can be read

	resize func(bytes int) error
	skip   func(part []byte)
}

// more reads on. It keeps what is behind start, but if the element is over what
// is held of it only what is behind pos. It is false when there is nothing more.
func (w *window) more() bool {
	if w.err != nil {
		return false
	}
	if w.dropped = w.dropped || w.pos-w.start > w.keep; w.dropped {
		w.drop()
	}
	if w.start > 0 {
		w.base += int64(w.start)
		w.pos -= w.start
		w.buf = w.buf[:copy(w.buf, w.buf[w.start:])]
		w.start = 0
	}
	if w.dropped {
		w.shrink()
	}
	if cap(w.buf)-len(w.buf) < readSize/2 {
		if w.err = w.grow(); w.err != nil {
			return false
		}
	}
	for range 100 {
		var n int
		n, w.err = w.r.Read(w.buf[len(w.buf):min(len(w.buf)+readSize, cap(w.buf))])
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

// drop gives up what was read of an element that is too large.
func (w *window) drop() {
	if w.skip != nil && w.keep > 0 {
		w.skip(w.buf[w.start:w.pos])
	}
	w.start = w.pos
}

// grow makes room. Beyond FreeSize it does so in large steps, which leave little
// garbage behind.
func (w *window) grow() error {
	size := max(readSize, 2*cap(w.buf))
	if size > FreeSize {
		size = min(4*cap(w.buf), w.limit+readSize)
	}
	size = max(size, len(w.buf)+readSize/2)
	if size > FreeSize && w.resize != nil {
		if err := w.resize(size); err != nil {
			return err
		}
	}
	w.buf = append(make([]byte, 0, size), w.buf...)
	return nil
}

// shrink moves what is left of a large window to a small one.
func (w *window) shrink() {
	if cap(w.buf) <= FreeSize || len(w.buf)-w.start > FreeSize-readSize {
		return
	}
	w.base += int64(w.start)
	w.pos -= w.start
	w.buf = append(make([]byte, 0, max(readSize, len(w.buf)-w.start+readSize/2)), w.buf[w.start:]...)
	w.start = 0
	if w.resize != nil {
		_ = w.resize(cap(w.buf)) // that much is free
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
	if cap(b) > FreeSize {
		return nil
	}
	return b[:0]
}
