// Package elements cuts a JSON array that is read as a stream into its elements,
// without decoding them: one at a time, each within a limit, so that memory
// depends neither on the array nor on an element.
//
// A body may have several values: arrays one after the other, or objects outside any
// array, such as one a line. Services and what is between have been seen to send both
// (microsoftgraph/msgraph-sdk-powershell#3220).
//
// cut.go has the [Cutter], outside.go what it does between values, scan.go how it
// finds the end of an element that is not valid, buffer.go the memory.
package elements

import (
	"errors"
	"io"
)

// ErrNotArray means that the body is not a JSON array but something else, such as
// a proxy's page. No element is returned of it.
var ErrNotArray = errors.New("body is not a JSON array")

// ErrTooLarge is the error of an object over the limit. Only its end is in Raw.
var ErrTooLarge = errors.New("larger than allowed")

var (
	errNotObject = errors.New("not a JSON object")
	errUnclosed  = errors.New("object is not closed")
	errEmpty     = errors.New("no value beside a comma")
	errForeign   = errors.New("data that is no JSON outside of any array")
)

// Cutter cuts the arrays of a body into their elements by brackets and quotes alone,
// so that a fault inside one element does not matter for the next. It is for one
// goroutine.
type Cutter struct {
	buffer
	valid   func(text []byte) int // see NewCutter; may be nil
	open    bracketStack
	last    byte  // the last token of the array: '[', ',', or 'v' for a value; 0 outside of any
	begun   bool  // there was a value
	array   bool  // there was an array
	foreign bool  // there was data that is no JSON outside of any array
	end     error // of every further call of Next
}

// Element is one part of an array, from its first to its last byte, or an object
// outside of any.
type Element struct {
	Raw    []byte // valid until the next call; nil where a value is missing
	Offset int64  // of its first byte in the body
	Size   int64  // bytes of the whole element, also of one over the limit
	Valid  bool   // it is known to be a valid JSON object
	// Loose means that the element need not be one of those that were asked for: it
	// stands outside of any array, or somewhere behind data that is no JSON.
	Loose bool
	Err   error // why it cannot be used, where that is known already
}

// NewCutter returns a cutter; Reset gives it a body. valid, if not nil, returns the
// length of the valid JSON object that a text begins with, 0 if there is none. An
// element that begins with one ends where it ends, which costs less than to search
// for its brackets.
func NewCutter(valid func(text []byte) int) *Cutter { return &Cutter{valid: valid} }

// Hooks are functions that a Cutter calls, if they are not nil.
type Hooks struct {
	// Resize is called before the buffer becomes larger than UnreservedSize, with its
	// new size in bytes; the error ends the body. It is called again when the
	// buffer is at most UnreservedSize, and its error is ignored then.
	Resize func(bytes int) error
	// Skip is called with the parts of each object over the limit, from its first
	// byte to its last. A part is valid during the call.
	Skip func(part []byte)
}

// Reset begins another body. limit is the size of its largest object in bytes;
// elements that are no objects are never held. A buffer that has become large is
// dropped.
func (c *Cutter) Reset(r io.Reader, limit int, h Hooks) {
	*c = Cutter{
		buffer: buffer{r: r, limit: limit, buf: reuse(c.buf), hooks: h},
		valid:  c.valid,
		open:   c.open,
	}
}

// Shrink gives up the memory of a large element. Raw of the last element is not valid
// any more.
func (c *Cutter) Shrink() {
	c.start = c.pos
	c.shrink()
}

// Next returns the next element, or the error that ends the body: io.EOF when both
// its last value and the reader have ended. It wraps io.ErrUnexpectedEOF when the body
// ends before a value does, or has none; ErrNotArray when it begins with neither an
// array nor an object; and otherwise the reader's error. After each of these every
// further call returns the same error.
//
// What is neither an array nor an object behind a value is an element with an error.
// The next bracket ends it; if it begins no value, that is no longer an error of the
// body.
func (c *Cutter) Next() (Element, error) {
	for c.end == nil {
		if c.last == 0 {
			if el, ok := c.outside(); ok {
				return el, nil
			}
			continue
		}
		b, ok := c.peek()
		switch {
		case !ok:
			c.end = c.early()
		case b == ']' && c.last == ',':
			c.last = 'v'
			return Element{Offset: c.offset(), Loose: c.foreign, Err: errEmpty}, nil
		case b == ']':
			c.last = 0
			c.pos++
		case b == ',' && c.last == 'v':
			c.last = ','
			c.pos++
		case b == ',':
			c.last = ','
			c.pos++
			return Element{Offset: c.offset() - 1, Loose: c.foreign, Err: errEmpty}, nil
		default:
			c.last = 'v'
			return c.element(b)
		}
	}
	return Element{}, c.end
}

// element returns the element that begins with b at pos.
func (c *Cutter) element(b byte) (Element, error) {
	c.start = c.pos
	c.dropped, c.keep = false, c.limit
	el := Element{Offset: c.offset(), Loose: c.foreign || c.last == 0}
	if b != '{' {
		c.keep, el.Err = 0, errNotObject
	}
	if n := c.wellFormed(b); n > 0 {
		c.pos += n
		el.Raw, el.Size, el.Valid = c.buf[c.start:c.pos], int64(n), true
		return el, nil
	}
	c.pos++
	var ok bool
	switch b {
	case '{':
		el.Err, ok = c.container(b)
	case '[':
		_, ok = c.container(b)
	case '"':
		ok = c.str()
	default:
		ok = c.junk()
	}
	if !ok {
		if c.end = c.early(); c.end != io.EOF {
			return Element{}, c.end
		}
		el.Err = errUnclosed
	}
	el.Raw, el.Size = c.buf[c.start:c.pos], c.offset()-el.Offset
	if el.Err == nil && el.Size > int64(c.limit) {
		c.drop()
		el.Err = ErrTooLarge
	}
	return el, nil
}

// minInspected is how many bytes of an element are read before it is inspected, if
// the body has as many: few elements are larger.
const minInspected = 16 << 10

// wellFormed returns the length of the valid object that begins with b at pos, if
// all of it is in the buffer, else 0. Nearly all elements are valid.
func (c *Cutter) wellFormed(b byte) int {
	if b != '{' || c.valid == nil {
		return 0
	}
	for len(c.buf)-c.pos < minInspected && c.more() {
	}
	if n := c.valid(c.buf[c.pos:]); n <= c.limit {
		return n
	}
	return 0
}

// Held returns the memory that the cutter holds, in bytes.
func (c *Cutter) Held() int { return cap(c.buf) + cap(c.open.stack) }

// FoundArray reports whether an array has begun.
func (c *Cutter) FoundArray() bool { return c.array }
