package ledger

// claims are the keys of records that are not acknowledged yet: their contents by
// their ids.
type claims struct {
	contents map[uint64]uint64
	further  int // of them: keys of further contents
}

func newClaims() claims { return claims{contents: make(map[uint64]uint64)} }

func (c *claims) get(k Key) (Key, bool) {
	content, ok := c.contents[k.id()]
	if !ok {
		return k, false
	}
	return keyOf(k.id(), content), true
}

func (c *claims) add(k Key) {
	c.contents[k.id()] = k.content()
	if k.isFurther() {
		c.further++
	}
}

// remove forgets a key, if it is claimed: its id may be claimed with another
// content by now.
func (c *claims) remove(k Key) {
	if content, ok := c.contents[k.id()]; !ok || content != k.content() {
		return
	}
	delete(c.contents, k.id())
	if k.isFurther() {
		c.further--
	}
}
