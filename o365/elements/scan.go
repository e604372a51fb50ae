package elements

import "io"

// container moves from behind a bracket to behind the one that closes it. It returns
// false when the body ends before. Where brackets do not match, the outer ones
// count.
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
			// No field begins like that, but the next record does: behind a comma in an
			// array, and behind another brace outside of any.
			if b == '{' && (prev == ',' || prev == '}' && c.last == 0) && c.open.record() {
				c.pos--
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

// isStructural has the bytes outside strings that matter for cutting.
var isStructural = [256]bool{'{': true, '}': true, '[': true, ']': true, '"': true, ',': true}

// structural moves behind the next byte of isStructural and returns it.
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

// str moves from inside a string to behind its closing quote. It returns false when
// the body ends before.
func (c *Cutter) str() bool {
	for {
		i := indexQuoteOrBackslash(c.buf, c.pos)
		for i+1 < len(c.buf) && c.buf[i] == '\\' {
			i = indexQuoteOrBackslash(c.buf, i+2)
		}
		if i < len(c.buf) && c.buf[i] == '"' {
			c.pos = i + 1
			return true
		}
		c.pos = i // at the end, or at a backslash with nothing behind it yet
		if !c.more() {
			return false
		}
	}
}

// isBoundary has the bytes at which an element can begin or end.
var isBoundary = [256]bool{',': true, ']': true, '{': true, '[': true, '"': true}

// junk moves to the next byte of isBoundary. It returns false when the body ends
// before.
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
