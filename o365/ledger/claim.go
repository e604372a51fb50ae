package ledger

import "crypto/sha256"

// Key identifies a record: its first half is for tenant and Id, its second for
// the content. Records with both halves the same are the same.
type Key [16]byte

const half = len(Key{}) / 2

// id is the half for tenant and Id.
func (k Key) id() [half]byte { return [half]byte(k[:half]) }

// another is what a record is known by when its Id is taken by another content.
// It depends on both halves, so that as many contents as there are of an Id are
// each found at once.
func (k Key) another() Key {
	sum := sha256.Sum256(k[:])
	copy(k[:half], sum[:])
	return k
}

// Claimed is what Claim says of a record.
type Claimed int

const (
	// Known: the record was claimed or delivered before.
	Known Claimed = iota
	// New: no record with the Id was.
	New
	// Conflict: the record is new, but one with the same Id and other content is
	// not.
	Conflict
)

// Claim reports whether the record is new, and remembers it in memory from now
// on; Confirm makes that last, Release undoes it. Both take the key that Claim
// returns. old is what a file of schema 1 knows the record by; it is asked for
// only while [Ledger.Old].
func (l *Ledger) Claim(k, old Key) (Key, Claimed) {
	if l.state.keys.max == 0 {
		return k, New
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state.old.has(old) {
		return k, Known
	}
	claimed := New
	for range 2 {
		known, taken := l.taken(k)
		switch {
		case !taken:
			l.claimed[k.id()] = k
			return k, claimed
		case known == k:
			return k, Known
		}
		k, claimed = k.another(), Conflict
	}
	return k, Known // by chance, once in 2^64 conflicts
}

// taken returns the key with the same Id that is claimed or confirmed.
func (l *Ledger) taken(k Key) (Key, bool) {
	if known, ok := l.claimed[k.id()]; ok {
		return known, true
	}
	return l.state.keys.same(k)
}

// Release forgets keys that were claimed but will not be delivered. Confirmed
// keys stay.
func (l *Ledger) Release(keys []Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unclaim(keys)
}

func (l *Ledger) unclaim(keys []Key) {
	for _, k := range keys {
		if l.claimed[k.id()] == k {
			delete(l.claimed, k.id())
		}
	}
}

// Old reports whether there are records that only a key of schema 1 is known of.
func (l *Ledger) Old() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.old.keys.len > 0
}

// oldKeys are the record keys of schema 1, which knew neither tenant nor content.
// None is added; all are dropped when the last has become too old.
type oldKeys struct {
	hasher
	keys table
	last int64 // when the last was confirmed, Unix seconds
}

func (o *oldKeys) add(r keyRow) {
	for _, k := range r.keys {
		if hash := o.hash(k); !o.keys.has(k, hash) {
			o.keys.add(k, hash, o.hash)
		}
	}
	o.last = max(o.last, r.time)
}

func (o *oldKeys) has(k Key) bool { return o.keys.len > 0 && k != Key{} && o.keys.has(k, o.hash(k)) }

func (o *oldKeys) forget(before int64) {
	if o.last < before {
		o.keys = table{}
	}
}
