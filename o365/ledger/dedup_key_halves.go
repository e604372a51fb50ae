package ledger

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Key identifies a record, or a blob, in 16 bytes. Of a record the first 8 are a
// hash of its tenant and Id and the last 8 one of its content, as package record
// makes them; of a blob it is one hash.
//
// The ledger finds records by the first half, the id, and so keeps one content of
// each. A further content of the same record is kept as a record of its own, whose
// id is a hash of both halves. So an Id that is delivered a million times, with
// another content each time, costs no more than a million Ids.
type Key [16]byte

// furtherBit is set in the id of a further content and not in that of a first one,
// which distinguishes the two in the state file as well.
const furtherBit = 1

func (k Key) content() uint64 { return binary.BigEndian.Uint64(k[8:]) }

func keyOf(id, content uint64) (k Key) {
	binary.BigEndian.PutUint64(k[:8], id)
	binary.BigEndian.PutUint64(k[8:], content)
	return k
}

func (k Key) isFurther() bool { return k[7]&furtherBit != 0 }

// first returns the key as that of the first content of its record.
func (k Key) first() Key {
	k[7] &^= furtherBit
	return k
}

// further returns the key as that of a further content of its record.
func (k Key) further() Key {
	binary.BigEndian.PutUint64(k[:8], xxhash.Sum64(k[:])|furtherBit)
	return k
}

// fromSchema1 returns the key for one of schema 1, which was a hash or a GUID.
func fromSchema1(old Key) Key {
	k := old
	binary.BigEndian.PutUint64(k[:8], xxhash.Sum64(old[:]))
	return k.first()
}
