package record

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// The hashes of different things are kept apart by their first byte.
const (
	hashID    = 'i'
	hashWhole = 'w'
)

// keys returns what the record is known by, from the JSON text of its Id and of all
// of it, and what it was known by before its content counted.
func (d *Decoder) keys(id, raw []byte) (key, old [16]byte, hasID bool) {
	text := d.idText(id)
	about, isGUID := guid(text)
	hasID = len(text) > 0 && (!isGUID || about != [16]byte{})
	switch {
	case !hasID:
		about = d.digest(hashWhole, raw)
	case !isGUID:
		about = d.digest(hashID, text)
	}
	switch d.opt.Old {
	case OldByID:
		old = about
	case OldWhole:
		old = d.digest(hashWhole, raw)
	}
	copy(d.about[len(d.about)-len(about):], about[:]) // behind the tenant
	binary.BigEndian.PutUint64(key[:], xxhash.Sum64(d.about[:]))
	binary.BigEndian.PutUint64(key[8:], xxhash.Sum64(raw))
	return key, old, hasID
}

// idText returns the Id itself, nothing unless it is a string or a number.
func (d *Decoder) idText(id []byte) []byte {
	if len(id) == 0 {
		return nil
	}
	switch b := id[0]; {
	case b == '"':
		d.id, _ = jsontext.AppendUnquote(d.id[:0], id)
		return d.id
	case b == '-' || '0' <= b && b <= '9':
		return id
	}
	return nil
}

// digest returns the first half of a SHA-256.
func (d *Decoder) digest(domain byte, text []byte) (key [16]byte) {
	d.sum[0] = domain
	d.hash.Reset()
	d.hash.Write(d.sum[:1])
	d.hash.Write(text)
	copy(key[:], d.hash.Sum(d.sum[:0]))
	return key
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
