// Package elements cuts a JSON array that is read as a stream into its elements,
// without decoding them: one at a time, each within a bound, so that memory
// depends on neither the array nor an element.
package elements

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrNotArray means that the body is something else than a JSON array, such as
// an error object or a proxy's page. No element comes from it.
var ErrNotArray = errors.New("body is not a JSON array")

// ErrTooLarge is that of an object over the limit. Only its end is in Raw.
var ErrTooLarge = errors.New("larger than allowed")

var (
	errNotObject = errors.New("not a JSON object")
	errUnclosed  = errors.New("object is not closed")
	errEmpty     = errors.New("no value beside a comma")
	errTrailing  = errors.New("data after the end of the array")
)

// Cutter cuts a JSON array into its elements by brackets and quotes alone, so
// that what is wrong inside one element does not matter for the next.
type Cutter struct {
	window
	valid func(text []byte) int // length of the valid JSON object that text begins with, or 0
	open  brackets
	last  byte  // what came last in the array: 0, '[', ',', or 'v' for a value
	end   error // what next returns from now on
}

// Element is one part of the array, from its first to its last byte.
type Element struct {
	Raw    []byte // valid until the next call; nil for a value that is missing
	Offset int64  // in the body
	Size   int64  // bytes
	Valid  bool   // it is known to be a valid JSON object
	Err    error  // why it is unusable, if that is known already
}

// NewCutter returns a cutter; Reset gives it a body. valid, if not nil, returns
// the length of the valid JSON object that a text begins with, 0 for none: where
// one ends is then known without looking for its brackets.
func NewCutter(valid func(text []byte) int) *Cutter { return &Cutter{valid: valid} }

// Reset begins another body, of whose objects none may have more bytes than
// limit; elements that are no objects are never held. A buffer that has become
// large is dropped.
func (c *Cutter) Reset(r io.Reader, limit int) { c.Begin(r, limit, Watch{}) }

// Watch are what a Cutter calls on its way, if they are not nil.
type Watch struct {
	// Resize is asked before more than FreeSize bytes are held, with how many; its
	// error ends the body. It is told when it is no more than FreeSize again.
	Resize func(bytes int) error
	// Skip is given the parts of each object over the limit, from its first byte to
	// its last.
	Skip func(part []byte)
}

// Begin is Reset with a Watch.
func (c *Cutter) Begin(r io.Reader, limit int, w Watch) {
	*c = Cutter{
		window: window{r: r, limit: limit, buf: reuse(c.buf), resize: w.Resize, skip: w.Skip},
		valid:  c.valid,
		open:   c.open,
	}
}

// Shrink gives up the memory that a large element took. What Next has returned
// last is gone with it.
func (c *Cutter) Shrink() {
	c.start = c.pos
	c.shrink()
}

// Next returns the next element, or the error that ends the body: io.EOF when the
// array has ended properly and the reader with it. It wraps io.ErrUnexpectedEOF
// when the body ended before the array did, ErrNotArray when there is no array,
// and otherwise what the reader failed with. After each of these every further
// call gives the same error.
func (c *Cutter) Next() (Element, error) {
	if c.last == 0 && c.end == nil {
		c.end = c.begin()
	}
	for c.end == nil {
		b, ok := c.peek()
		switch {
		case !ok:
			c.end = c.cause()
		case b == ']' && c.last == ',':
			c.last = 'v'
			return Element{Offset: c.offset(), Err: errEmpty}, nil
		case b == ']':
			return c.tail()
		case b == ',' && c.last == 'v':
			c.last = ','
			c.pos++
		case b == ',':
			c.last = ','
			c.pos++
			return Element{Offset: c.offset() - 1, Err: errEmpty}, nil
		default:
			c.last = 'v'
			return c.element(b)
		}
	}
	return Element{}, c.end
}

// begin moves behind the bracket that opens the array.
func (c *Cutter) begin() error {
	const bom = "\ufeff"
	for len(c.buf) < len(bom) && c.more() {
	}
	if bytes.HasPrefix(c.buf, []byte(bom)) {
		c.pos = len(bom)
	}
	b, ok := c.peek()
	switch {
	case !ok:
		return c.cause()
	case b == '{':
		return fmt.Errorf("%w: it begins with an object", ErrNotArray)
	case b == '<':
		return fmt.Errorf("%w: it begins with markup", ErrNotArray)
	case b != '[':
		return ErrNotArray
	}
	c.last = '['
	c.pos++
	return nil
}

// tail ends the array. It reads the body to its end, because only there the
// transport tells whether everything before was right.
func (c *Cutter) tail() (Element, error) {
	c.pos++
	_, more := c.peek()
	rest := Element{Offset: c.offset(), Err: errTrailing}
	found := more
	for more {
		c.pos = len(c.buf)
		c.start = c.pos
		more = c.more()
	}
	if c.end = c.err; c.end != io.EOF {
		c.end = c.cause()
	}
	if found {
		return rest, nil
	}
	return Element{}, c.end
}

// element returns the element that begins with b at pos.
func (c *Cutter) element(b byte) (Element, error) {
	c.start = c.pos
	c.dropped, c.keep = false, c.limit
	el := Element{Offset: c.offset()}
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
		c.end = c.cause()
		return Element{}, c.end
	}
	el.Raw, el.Size = c.buf[c.start:c.pos], c.offset()-el.Offset
	if el.Err == nil && el.Size > int64(c.limit) {
		c.drop()
		el.Err = ErrTooLarge
	}
	return el, nil
}

// ahead is how many bytes are in the window when an element is looked at, if
// there are as many: few are larger.
const ahead = 16 << 10

// wellFormed returns the length of the valid object that begins with b at pos,
// if all of it is in the window, else 0. Nearly all elements are that, and where
// one ends is then known without looking for its brackets.
func (c *Cutter) wellFormed(b byte) int {
	if b != '{' || c.valid == nil {
		return 0
	}
	for len(c.buf)-c.pos < ahead && c.more() {
	}
	if n := c.valid(c.buf[c.pos:]); n <= c.limit {
		return n
	}
	return 0
}

// container moves from behind a bracket to behind the one that closes it. It is
// false when the body ends before. Where brackets do not match, the outer ones
// decide.
func (c *Cutter) container(first byte) (err error, ok bool) {
	const lone = 0 // stands for a ']' that closes nothing
	c.open.reset()
	c.open.open(first)
	for prev := first; ; {
		b, ok := c.structural()
		if !ok && prev == lone && c.err == io.EOF {
			c.end = io.EOF // it was the bracket of the array
			return errUnclosed, true
		}
		if !ok {
			return nil, false
		}
		switch b {
		case '"':
			if !c.str() {
				return nil, false
			}
		case '{', '[':
			if b == '{' && prev == ',' && c.open.record() {
				c.pos-- // no field begins like that, but the next record does
				return errUnclosed, true
			}
			c.open.open(b)
		case '}', ']':
			if !c.open.close(b) && b == ']' {
				b = lone
			}
			if c.open.closed() {
				return nil, true
			}
		}
		prev = b
	}
}

// isStructural tells the bytes outside strings that matter for cutting.
var isStructural = [256]bool{'{': true, '}': true, '[': true, ']': true, '"': true, ',': true}

// structural moves behind the next such byte and returns it.
func (c *Cutter) structural() (byte, bool) {
	for {
		for i, b := range c.buf[c.pos:] {
			if isStructural[b] {
				c.pos += i + 1
				return b, true
			}
		}
		c.pos = len(c.buf)
		if !c.more() {
			return 0, false
		}
	}
}

// str moves from inside a string to behind its closing quote.
func (c *Cutter) str() bool {
	for {
		i := Special(c.buf, c.pos)
		for i+1 < len(c.buf) && c.buf[i] == '\\' {
			i = Special(c.buf, i+2)
		}
		if i < len(c.buf) && c.buf[i] == '"' {
			c.pos = i + 1
			return true
		}
		c.pos = i // which is at the end, or at a backslash with nothing behind it yet
		if !c.more() {
			return false
		}
	}
}

// isBoundary tells the bytes at which an element can begin or end.
var isBoundary = [256]bool{',': true, ']': true, '{': true, '[': true, '"': true}

// junk moves to the next such byte.
func (c *Cutter) junk() bool {
	for {
		for i, b := range c.buf[c.pos:] {
			if isBoundary[b] {
				c.pos += i
				return true
			}
		}
		c.pos = len(c.buf)
		if !c.more() {
			return false
		}
	}
}

// Held is the memory that the cutter holds, in bytes.
func (c *Cutter) Held() int { return cap(c.buf) + cap(c.open.stack) }
