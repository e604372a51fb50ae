package ledger

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Key stands for a record, or for a blob, in 16 bytes. Of a record the first 8
// say which one it is and the last 8 what is in it, as package record makes them;
// of a blob it is a hash.
//
// The ledger finds records by which they are, and so remembers one content of
// each. A further content of the same record is remembered as a record of its
// own, which is found by both halves together. So an Id that comes a million
// times, with another content each time, costs no more than a million Ids.
type Key [16]byte

// further marks the id of a further content. Without it in a first content's,
// the two are told apart in the file as well.
const further = 1

func (k Key) id() uint64      { return binary.BigEndian.Uint64(k[:8]) }
func (k Key) content() uint64 { return binary.BigEndian.Uint64(k[8:]) }

func keyOf(id, content uint64) (k Key) {
	binary.BigEndian.PutUint64(k[:8], id)
	binary.BigEndian.PutUint64(k[8:], content)
	return k
}

func (k Key) isFurther() bool { return k[7]&further != 0 }

// first is the key as that of the first content of its record.
func (k Key) first() Key {
	k[7] &^= further
	return k
}

// further is the key as that of a further content of its record.
func (k Key) further() Key {
	binary.BigEndian.PutUint64(k[:8], xxhash.Sum64(k[:])|further)
	return k
}

// fromSchema1 makes a key from one of schema 1, which was a hash or a GUID.
func fromSchema1(old Key) Key {
	k := old
	binary.BigEndian.PutUint64(k[:8], xxhash.Sum64(old[:]))
	return k.first()
}

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
