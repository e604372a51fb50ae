package record

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

const (
	readSize = 64 << 10 // bytes asked of the reader at once
	keepSize = 1 << 20  // a buffer larger than this is not kept for the next blob
	maxDepth = 10000    // what jsontext allows; deeper brackets are counted only
)

// cutter cuts a JSON array into its elements by matching brackets and quotes
// alone, so that what is broken inside an element does not matter for the next.
type cutter struct {
	r     io.Reader
	limit int // size of the largest element in bytes

	buf     []byte
	start   int   // of the element in buf
	pos     int   // everything before has been looked at
	base    int64 // offset of buf[0] in the body
	dropped bool  // the element is over the limit and no longer in buf whole

	stack   []byte // open brackets of the element
	last    byte   // '[', ',' or 'v' for a value: what came last in the array; 0 before it
	readErr error
	end     error
}

// element is one part of the array, from its first to its last byte.
type element struct {
	raw    []byte // valid until the next call
	offset int64  // in the body
	err    error  // why it is unusable, if already known
}

func (c *cutter) reset(r io.Reader, limit int) {
	buf := c.buf[:0]
	if cap(buf) > keepSize {
		buf = nil
	}
	*c = cutter{r: r, limit: limit, buf: buf, stack: c.stack[:0]}
}

// next returns the next element. Its errors are final.
func (c *cutter) next() (element, error) {
	if c.end == nil && c.last == 0 {
		c.end = c.begin()
	}
	if c.end != nil {
		return element{}, c.end
	}
	for {
		b, ok := c.peek()
		c.start = c.pos
		at := c.base + int64(c.pos)
		switch {
		case !ok:
			c.end = c.cause()
			return element{}, c.end
		case b == ',' && c.last == 'v':
			c.pos++
			c.last = ','
		case b == ',':
			c.pos++
			c.last = ','
			return element{offset: at, err: errEmpty}, nil
		case b == ']' && c.last == ',':
			c.last = 'v'
			return element{offset: at, err: errEmpty}, nil
		case b == ']':
			c.pos++
			return c.tail()
		default:
			c.last = 'v'
			return c.element(b, at)
		}
	}
}

// begin moves behind the array's opening bracket.
func (c *cutter) begin() error {
	for len(c.buf) < 3 && c.more() {
	}
	if bytes.HasPrefix(c.buf, []byte("\xef\xbb\xbf")) {
		c.pos = 3
	}
	b, ok := c.peek()
	if !ok {
		return c.cause()
	}
	if b != '[' {
		return fmt.Errorf("%w: it begins with %s", ErrNotArray, kind(b))
	}
	c.pos++
	c.last = '['
	return nil
}

func kind(b byte) string {
	switch b {
	case '{':
		return "an object"
	case '<':
		return "markup"
	}
	return "other text"
}

// tail looks at what follows the array. The body is read to its end, because
// only there the transport tells whether all of it was right.
func (c *cutter) tail() (element, error) {
	var rest element
	if _, ok := c.peek(); ok {
		rest = element{offset: c.base + int64(c.pos), err: errTrailing}
		for ok {
			c.pos = len(c.buf)
			c.start = c.pos
			ok = c.more()
		}
	}
	c.end = io.EOF
	if c.readErr != io.EOF {
		c.end = c.cause()
	}
	if rest.err != nil {
		return rest, nil
	}
	return element{}, c.end
}

// element returns the element that begins with b at offset at.
func (c *cutter) element(b byte, at int64) (element, error) {
	c.dropped = false
	var bad error
	var ok bool
	switch b {
	case '{', '[':
		bad, ok = c.container()
	case '"':
		c.pos++
		ok = c.str()
	default:
		ok = c.junk()
	}
	if !ok {
		c.end = c.cause()
		return element{}, c.end
	}
	if c.dropped || c.pos-c.start > c.limit {
		bad = errTooLarge
	}
	return element{raw: c.buf[c.start:c.pos], offset: at, err: bad}, nil
}

// structural marks the bytes outside strings that matter for cutting.
var structural = [256]bool{'{': true, '}': true, '[': true, ']': true, '"': true, ',': true, ':': true}

// container moves behind the bracket that closes the one at pos. It is false
// when the body ends before.
//
// Where brackets do not match, the outer one wins: a '}' closes what is open
// inside its '{', and a bracket without its opposite is ignored.
func (c *cutter) container() (bad error, ok bool) {
	c.stack = c.stack[:0]
	var (
		objects, arrays int  // on the stack
		beyond          int  // brackets deeper than the stack
		prev            byte // structural byte before
		stray           bool // prev closes what is not open
	)
	for {
		i := c.pos
		for i < len(c.buf) && !structural[c.buf[i]] {
			i++
		}
		c.pos = i
		if i == len(c.buf) {
			if c.more() {
				continue
			}
			if stray && c.readErr == io.EOF {
				c.end = io.EOF // it was the array's own bracket
				return errUnclosed, true
			}
			return nil, false
		}
		b := c.buf[i]
		c.pos++
		stray = false
		switch b {
		case '"':
			if !c.str() {
				return nil, false
			}
		case '{', '[':
			if b == '{' && prev == ',' && len(c.stack) == 1 && c.stack[0] == '{' {
				// No name begins with '{': the record before was not closed.
				c.pos--
				return errUnclosed, true
			}
			switch {
			case len(c.stack) == maxDepth:
				beyond++
			case b == '{':
				objects++
				c.stack = append(c.stack, b)
			default:
				arrays++
				c.stack = append(c.stack, b)
			}
		case '}', ']':
			switch {
			case beyond > 0:
				beyond--
			case b == '}' && objects == 0, b == ']' && arrays == 0:
				stray = b == ']'
			default:
				for {
					top := c.stack[len(c.stack)-1]
					c.stack = c.stack[:len(c.stack)-1]
					if top == '{' {
						objects--
					} else {
						arrays--
					}
					if top == b-2 { // both pairs are two apart in ASCII
						break
					}
				}
				if len(c.stack) == 0 {
					return nil, true
				}
			}
		}
		prev = b
	}
}

// str moves behind the quote that closes the string whose first byte is at pos.
// It is false when the body ends before.
func (c *cutter) str() bool {
	for {
		rest := c.buf[c.pos:]
		n := bytes.IndexByte(rest, '"')
		end := n
		if n < 0 {
			end = len(rest)
		}
		slashes := 0
		for slashes < end && rest[end-1-slashes] == '\\' {
			slashes++
		}
		switch {
		case n < 0:
			c.pos += end - slashes&1 // an escape stays whole
			if !c.more() {
				return false
			}
		case slashes&1 == 1:
			c.pos += n + 1
		default:
			c.pos += n + 1
			return true
		}
	}
}

// junk moves to where an element can begin or end.
func (c *cutter) junk() bool {
	c.pos++
	for {
		if n := bytes.IndexAny(c.buf[c.pos:], `,]{["`); n >= 0 {
			c.pos += n
			return true
		}
		c.pos = len(c.buf)
		if !c.more() {
			return false
		}
	}
}

// peek moves to the next byte that is no white space. It is false at the end.
func (c *cutter) peek() (byte, bool) {
	for {
		for ; c.pos < len(c.buf); c.pos++ {
			switch b := c.buf[c.pos]; b {
			case ' ', '\t', '\r', '\n':
			default:
				return b, true
			}
		}
		c.start = c.pos
		if !c.more() {
			return 0, false
		}
	}
}

// more reads on behind buf, which keeps everything from start, or from pos when
// the element is over the limit. It is false when there is nothing more.
func (c *cutter) more() bool {
	if c.readErr != nil {
		return false
	}
	if c.pos-c.start > c.limit {
		c.dropped = true
	}
	if c.dropped {
		c.start = c.pos
	}
	if c.start > 0 {
		c.base += int64(c.start)
		c.pos -= c.start
		c.buf = c.buf[:copy(c.buf, c.buf[c.start:])]
		c.start = 0
	}
	if cap(c.buf)-len(c.buf) < readSize/2 {
		c.buf = slices.Grow(c.buf, max(readSize, len(c.buf)))
	}
	for range 100 {
		n, err := c.r.Read(c.buf[len(c.buf):cap(c.buf)])
		c.buf = c.buf[:len(c.buf)+n]
		c.readErr = err
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	c.readErr = io.ErrNoProgress
	return false
}

// cause says why there is nothing more to read.
func (c *cutter) cause() error {
	if c.readErr == io.EOF {
		return fmt.Errorf("body ends before its array: %w", io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("read body: %w", c.readErr)
}
