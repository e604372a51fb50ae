package record

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/cespare/xxhash/v2"
)

// The first byte of a hash's input is what the input is: a GUID, an Id of another form,
// or the whole record.
const (
	hashGUID  = 'g'
	hashID    = 'i'
	hashWhole = 'w'
)

// key returns the key of a record, from the JSON text of its Id and of the whole
// record.
func (d *Decoder) key(id, raw []byte) (key [16]byte) {
	which, hasID := d.idHash(id)
	if !hasID {
		sum := d.sha256(hashWhole, raw)
		which = d.hash(hashWhole, sum[:])
	}
	binary.BigEndian.PutUint64(key[:8], which)
	binary.BigEndian.PutUint64(key[8:], xxhash.Sum64(raw))
	return key
}

// idHash returns the hash of the scope and of an Id, from its JSON text.
func (d *Decoder) idHash(id []byte) (hash uint64, hasID bool) {
	text := d.idText(id)
	number, isGUID := guid(text)
	switch {
	case len(text) == 0, isGUID && number == [16]byte{}:
		return 0, false
	case isGUID:
		return d.hash(hashGUID, number[:]), true
	}
	return d.hash(hashID, text), true
}

// hash returns a hash of the scope and text that is the same in every process.
func (d *Decoder) hash(of byte, text []byte) uint64 {
	d.short = append(append(append(d.short[:0], d.scope[:]...), of), text...)
	return xxhash.Sum64(d.short)
}

// idText returns the Id itself, nothing unless it is a string or a number.
func (d *Decoder) idText(id []byte) []byte {
	if len(id) == 0 {
		return nil
	}
	switch b := id[0]; {
	case b == '"':
		d.id, _, _ = unquote(d.id[:0], id, 0)
		return d.id
	case b == '-' || '0' <= b && b <= '9':
		return id
	}
	return nil
}

// sha256 returns the first half of a SHA-256.
func (d *Decoder) sha256(of byte, text []byte) (half [16]byte) {
	d.sum[0] = of
	d.sha.Reset()
	d.sha.Write(d.sum[:1])
	d.sha.Write(text)
	copy(half[:], d.sha.Sum(d.sum[:0]))
	return half
}

// guid reads xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, with or without braces.
func guid(text []byte) (key [16]byte, ok bool) {
	if len(text) == 38 && text[0] == '{' && text[37] == '}' {
		text = text[1:37]
	}
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return key, false
	}
	var digits [32]byte
	n := copy(digits[:], text[:8])
	n += copy(digits[n:], text[9:13])
	n += copy(digits[n:], text[14:18])
	n += copy(digits[n:], text[19:23])
	copy(digits[n:], text[24:])
	_, err := hex.Decode(key[:], digits[:])
	return key, err == nil
}

// OldKey returns the key of schema 1, which is in older state files, of the record
// that Append returned last: its Id alone, or a hash of the whole record if it has no Id
// or whole is set. It must be called before the next Append.
func (d *Decoder) OldKey(whole bool) [16]byte {
	text := d.idText(d.last.id)
	number, isGUID := guid(text)
	switch {
	case whole, len(text) == 0, isGUID && number == [16]byte{}:
		return d.sha256(hashWhole, d.last.raw)
	case isGUID:
		return number
	}
	return d.sha256(hashID, text)
}
