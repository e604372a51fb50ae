package elements

import (
	"bytes"
	"fmt"
	"io"
)

// outside moves to the next element from outside of any array, where there may be any
// number of byte order marks. It returns false behind the bracket that opens an array,
// and with the end of the body.
//
// It reads the body to its end, because only there the transport reports whether the
// body is complete.
func (c *Cutter) outside() (Element, bool) {
	b, ok := c.peek()
	for ok && c.skipMark() {
		b, ok = c.peek()
	}
	switch {
	case !ok && (c.begun && c.err == io.EOF):
		c.end = io.EOF
	case !ok:
		c.end = c.cause()
	case b == '[':
		c.last = b
		c.begun, c.array = true, true
		c.pos++
	case b == '{':
		c.begun = true
		el, err := c.element(b)
		return el, err == nil
	case !c.begun && b == '<':
		c.end = fmt.Errorf("%w: it begins with markup", ErrNotArray)
	case !c.begun:
		c.end = ErrNotArray
	default:
		return c.skipForeign(), true
	}
	return Element{}, false
}

// skipMark moves behind a byte order mark, and reports whether there is one.
func (c *Cutter) skipMark() bool {
	const mark = "\ufeff"
	if c.buf[c.pos] != mark[0] {
		return false
	}
	c.start = c.pos
	for len(c.buf)-c.pos < len(mark) && c.more() {
	}
	if !bytes.HasPrefix(c.buf[c.pos:], []byte(mark)) {
		return false
	}
	c.pos += len(mark)
	return true
}

// skipForeign moves to the next byte that may begin a value, and returns what is
// before as one element.
func (c *Cutter) skipForeign() Element {
	c.foreign = true
	el := Element{Offset: c.offset(), Loose: true, Err: errForeign}
	for {
		if i := bytes.IndexAny(c.buf[c.pos:], "[{"); i >= 0 {
			c.pos += i
			break
		}
		c.pos = len(c.buf)
		c.start = c.pos
		if !c.more() {
			break
		}
	}
	el.Size = c.offset() - el.Offset
	return el
}

// early returns the error of a body that ends inside a value. Behind data that is no
// JSON it is none: a bracket there need not begin a value.
func (c *Cutter) early() error {
	if c.foreign && c.err == io.EOF {
		return io.EOF
	}
	return c.cause()
}
