package ledger

// Verdict is what the ledger knows of a record.
type Verdict int

const (
	// New: nothing is known of the record.
	New Verdict = iota
	// Known: the record, with this content.
	Known
	// Changed: the record with another content, and not with this one.
	Changed
)

// Claim is a record that the ledger is asked for.
type Claim struct {
	Key     Key     // of the record; afterwards the one to remember it by
	Verdict Verdict // the answer

	hash  uint64
	marks uint16
}

// Claim answers what is known of records, one after the other. Those that are not Known
// are remembered in memory from now on, by the keys that are in the claims afterwards:
// Confirm makes that durable, Release undoes it.
func (l *Ledger) Claim(claims []Claim) {
	if l.state.keys.max == 0 {
		for i := range claims {
			claims[i].Verdict = New
		}
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range claims {
		c := &claims[i]
		c.Key = c.Key.first()
		c.hash = l.claimed.hash(c.Key)
	}
	for i := range claims {
		c := &claims[i]
		c.marks = l.state.keys.marks.get(c.hash)
		l.claimed.table.touch(c.hash)
	}
	for i := range claims {
		l.claim(&claims[i])
	}
}

// claim answers one claim, of the first content of a record so far. The caller holds mu.
func (l *Ledger) claim(c *Claim) {
	found, taken := l.find(c.Key, c.hash, c.marks)
	if taken && found == c.Key {
		c.Verdict = Known
		return
	}
	if !taken && l.claimed.further+l.state.keys.further == 0 {
		c.Verdict = New
		l.claimed.add(c.Key, c.hash)
		return
	}
	// With !taken, the first content may be forgotten already.
	further := c.Key.further()
	hash := l.claimed.hash(further)
	if found, ok := l.find(further, hash, l.state.keys.marks.get(hash)); ok && found == further {
		c.Key, c.Verdict = further, Known
		return
	}
	if c.Verdict = New; taken {
		c.Key, c.hash, c.Verdict = further, hash, Changed
	}
	l.claimed.add(c.Key, c.hash)
}

// find returns the key with the id of k. The caller holds mu.
func (l *Ledger) find(k Key, hash uint64, marks uint16) (Key, bool) {
	if found, ok := l.claimed.table.get(k, hash); ok {
		return found, true
	}
	return l.state.keys.find(k, hash, marks)
}

// Release forgets keys that were claimed but will not be delivered. Confirmed
// keys stay.
func (l *Ledger) Release(keys []Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.claimed.remove(keys)
}

// HasOldKeys reports whether keys of schema 1 are kept: until all are older than
// DedupWindow.
func (l *Ledger) HasOldKeys() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.keys.old > 0
}

// KnowsOldKey reports whether a key of schema 1 is kept.
func (l *Ledger) KnowsOldKey(k Key) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.keys.has(fromSchema1(k))
}

// Evicted returns how many record keys were forgotten since Open because there
// were more than DedupMax, before DedupWindow had passed: if the source repeats
// such a record, it is delivered again. The oldest of them may be up to a fifth
// older than DedupWindow, as whole generations are dropped. It never falls.
func (l *Ledger) Evicted() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.keys.evicted
}
