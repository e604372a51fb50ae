package elements

import (
	"fmt"
	"io"
)

// UnreservedSize is the largest size of the buffer, in bytes, of which Hooks.Resize is
// not asked.
const UnreservedSize = 256 << 10

const readSize = 64 << 10 // bytes, the most of one call of the reader

// buffer holds the part of a body that is in memory: the element that is being cut,
// and what has been read behind it.
type buffer struct {
	r     io.Reader
	limit int // bytes of the largest element

	buf     []byte
	start   int   // of the element in buf
	pos     int   // in buf; everything before has been inspected
	base    int64 // offset of buf[0] in the body
	keep    int   // most bytes of the element that are held
	dropped bool  // the element is larger than keep: only its end is in buf
	err     error // why nothing more can be read

	hooks Hooks
}

// maxEmptyReads is how many calls of a reader in a row may return nothing, as in
// package bufio.
const maxEmptyReads = 100

// more reads on. It keeps what is behind start, or only what is behind pos where the
// element is larger than keep. It returns false when there is nothing more to read.
func (b *buffer) more() bool {
	if b.err != nil {
		return false
	}
	if b.dropped = b.dropped || b.pos-b.start > b.keep; b.dropped {
		b.drop()
	}
	if b.start > 0 {
		b.base += int64(b.start)
		b.pos -= b.start
		b.buf = b.buf[:copy(b.buf, b.buf[b.start:])]
		b.start = 0
	}
	if b.dropped {
		b.shrink()
	}
	if cap(b.buf)-len(b.buf) < readSize/2 {
		if b.err = b.grow(); b.err != nil {
			return false
		}
	}
	for range maxEmptyReads {
		var n int
		n, b.err = b.r.Read(b.buf[len(b.buf):min(len(b.buf)+readSize, cap(b.buf))])
		b.buf = b.buf[:len(b.buf)+n]
		if n > 0 {
			return true
		}
		if b.err != nil {
			return false
		}
	}
	b.err = io.ErrNoProgress
	return false
}

// drop passes what was read of an element that is too large to Hooks.Skip, and
// forgets it.
func (b *buffer) drop() {
	if b.hooks.Skip != nil && b.keep > 0 {
		b.hooks.Skip(b.buf[b.start:b.pos])
	}
	b.start = b.pos
}

// grow makes room. Beyond UnreservedSize it does so in large steps, which leave little
// garbage behind.
func (b *buffer) grow() error {
	size := max(readSize, 2*cap(b.buf))
	if size > UnreservedSize {
		size = min(4*cap(b.buf), b.limit+readSize)
	}
	size = max(size, len(b.buf)+readSize/2)
	if size > UnreservedSize && b.hooks.Resize != nil {
		if err := b.hooks.Resize(size); err != nil {
			return err
		}
	}
	b.buf = append(make([]byte, 0, size), b.buf...)
	return nil
}

// shrink moves what is left in a large buffer to a small one.
func (b *buffer) shrink() {
	if cap(b.buf) <= UnreservedSize || len(b.buf)-b.start > UnreservedSize-readSize {
		return
	}
	b.base += int64(b.start)
	b.pos -= b.start
	b.buf = append(make([]byte, 0, max(readSize, len(b.buf)-b.start+readSize/2)), b.buf[b.start:]...)
	b.start = 0
	if b.hooks.Resize != nil {
		_ = b.hooks.Resize(cap(b.buf)) // below UnreservedSize it cannot fail
	}
}

// peek moves to the next byte that is not white space, and returns it. It returns
// false when there is none.
func (b *buffer) peek() (byte, bool) {
	for {
		for ; b.pos < len(b.buf); b.pos++ {
			switch c := b.buf[b.pos]; c {
			case ' ', '\t', '\r', '\n':
			default:
				return c, true
			}
		}
		b.start = b.pos
		if !b.more() {
			return 0, false
		}
	}
}

// offset returns the place of pos in the body.
func (b *buffer) offset() int64 { return b.base + int64(b.pos) }

// cause returns the error of a body that ends before its array.
func (b *buffer) cause() error {
	if b.err == io.EOF {
		return fmt.Errorf("body ends before its array: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("read body: %w", b.err)
}

// reuse empties a buffer for the next body, or drops a large one.
func reuse(buf []byte) []byte {
	if cap(buf) > UnreservedSize {
		return nil
	}
	return buf[:0]
}
