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

// Claim returns what is known of a record. Unless it is Known, the record is
// remembered in memory from now on, by the key that Claim returns: Confirm makes
// that durable, Release undoes it.
func (l *Ledger) Claim(k Key) (Key, Verdict) {
	if l.state.keys.max == 0 {
		return k, New
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	k, verdict := l.judge(k.first())
	if verdict != Known {
		l.claimed.add(k)
	}
	return k, verdict
}

// judge returns what is known of a record, and the key to remember it by. The
// caller holds mu.
func (l *Ledger) judge(first Key) (Key, Verdict) {
	found, taken := l.find(first)
	if taken && found == first {
		return first, Known
	}
	further := first.further()
	if taken || l.claimed.further+l.state.keys.further > 0 { // the first content may be forgotten already
		if found, ok := l.find(further); ok && found == further {
			return further, Known
		}
	}
	if taken {
		return further, Changed
	}
	return first, New
}

// find returns the key with the id of k. The caller holds mu.
func (l *Ledger) find(k Key) (Key, bool) {
	if found, ok := l.claimed.get(k); ok {
		return found, true
	}
	return l.state.keys.get(k)
}

// Release forgets keys that were claimed but will not be delivered. Confirmed
// keys stay.
func (l *Ledger) Release(keys []Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		l.claimed.remove(k)
	}
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
